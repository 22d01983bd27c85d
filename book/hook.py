"""What mkdocs asks: the pages lie all over the kit, not in one folder."""

from pathlib import Path
from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files

from book import pages

KIT = Path(__file__).resolve().parents[1]


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    config.nav = pages.nav(KIT)
    return config


def on_files(files: Files, config: MkDocsConfig) -> Files:
    texts = [*pages.pages(pages.nav(KIT))]
    for name in [*texts, *sorted(pages.linked(KIT, texts))]:
        files.append(File.generated(config, name, abs_src_path=str(KIT / name)))
    return files


def on_page_markdown(markdown: str, **_: Any) -> str:
    return pages.for_site(markdown)
