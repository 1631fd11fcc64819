"""Make the company's wiki: pages, handbooks, minutes and mails, some of which contradict."""

from clew_acme.wiki.shelf import write_wiki

__all__ = ["write_wiki"]
