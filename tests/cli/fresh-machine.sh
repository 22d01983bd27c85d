#!/bin/sh
# Types what a learner types on a computer that has nothing: run as root in the root file system of a fresh Debian.
# $1 is the folder that the kit was copied to, in the home of the normal user ada.
set -e
export PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8
useradd --shell /bin/bash ada
useradd bob
chown -R ada: /home/ada
chmod 0700 /home/ada
echo 'ada ALL=(ALL) NOPASSWD: ALL' >/etc/sudoers.d/ada
echo "127.0.1.1 $(hostname)" >>/etc/hosts
ada() { su ada -c "cd $1 && export HOME=/home/ada && $2"; }
packages() { dpkg-query --show --showformat '${Package}\n' | sort; }

packages >/tmp/before
ada "$1" 'bin/lab setup --yes'
ada "$1" 'bin/lab setup --yes' 2>&1 | tee /tmp/second
grep -q 'nothing to change' /tmp/second
# No new login: bin/lab takes up the groups that setup gave.
ada "$1" 'bin/lab doctor'
# Another person, through sudo: undo takes back what each of the two was given.
(cd "$1" && SUDO_USER=bob bin/lab setup --yes)
id -nG bob | grep -q docker
ada "$1" 'bin/lab clean --all --yes'
ada "$1" 'bin/lab setup --undo --yes'
# As README says: of the kit there is nothing beside its own folder.
find / -xdev -name 'vagrant-docker-lab*' -not -path "$1/*" -not -path '/root/*' 2>/dev/null | tee /tmp/beside
[ ! -s /tmp/beside ]
[ ! -e /var/lib/vagrant-docker-lab ] && [ ! -e /run/vagrant-docker-lab ] && [ ! -e /run/docker.sock ]
[ "$(id -nG ada)" = ada ] && [ "$(id -nG bob)" = bob ]
packages | comm -13 /tmp/before - >/tmp/left
echo "left installed: $(tr '\n' ' ' </tmp/left)"
# What may be left: Debian's base system, which apt does not like to take away, what bin/lab needs itself, and what these
# ask for.
base() { dpkg-query --show --showformat '${Priority} ${Package}\n' | sed -nE 's/^(required|important) //p'; }
# shellcheck disable=SC2046 # one word a package
apt-cache depends --recurse --installed --no-suggests --no-conflicts --no-breaks --no-replaces --no-enhances \
  $(base) python3-venv | grep '^[a-z0-9]' | sort -u >/tmp/may-be-left
comm -23 /tmp/left /tmp/may-be-left >/tmp/wrong
if [ -s /tmp/wrong ]; then
  echo "not taken back: $(tr '\n' ' ' </tmp/wrong)"
  exit 1
fi
echo 'fresh machine: all done'
