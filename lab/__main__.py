"""`python -m lab`, to which bin/lab hands over."""

from lab.cli.main import main

if __name__ == "__main__":
    main()
