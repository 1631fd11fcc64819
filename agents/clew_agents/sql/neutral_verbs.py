"""Which verbs only join a thing to what it has or does, and say nothing more.

"Artists who made albums", "orders placed in May": the tables and the dates say it all. A verb that
turns the meaning round (returned, cancelled, refused, lost, failed) or adds to it (recommended,
preferred) must not stand here: a question with it is asked back. Where the data have such a word
for a name or a value, it is that (``tagging.py``).
"""

from __future__ import annotations

VERBS = """
    appear, appeared, appears, assign, assigned, assigned to, associated, associated with,
    attend, attended, attends, attract, attracted, based, began, begin, begins, begun,
    belong, belongs, book, booked, born, borrow, borrowed, bought, bring, brings, brought,
    buy, buys, came, carried, carries, carry, come, comes, conducted, contain, contained,
    contains, containing, correspond, correspond to, corresponding to, corresponds, cover, covered,
    covers, create, created, created by, creates, deal, deals, delivered by, did well,
    dispatched, drive, driven, drives, drove, enroll, enrolled, entered, exist, exists, file,
    filed, flew, flies,
    flown, fly, gather, gathered, gave, get, gets, give, given, gives, go, goes, got,
    handle, handled, happen, happened, harvested, held, hold, holds, host, hosted, hosts,
    include, included, includes, involve, involved, issued, keep, led by, lent, listed,
    live, lived, lives, living, located, logged, made by, make, makes, managed by, occur,
    occurred, offer, offered, offers, opened, operate, operated, operates, own, owned,
    owns, participate, participated, participates, perform, performed, performs, picked up, place,
    placed, placed by, play, played, plays, process, processed, produce, produced,
    produces, provided, publish, published, publishes, purchase, purchased, raise, raised,
    ran, reach, reached, reaches, receive, received, recorded, register, registered,
    registered for, related to, release, released, releases, report, reported, run, run
    by, runs, saw, see, seen, sell, sells, send, sent, serve, served, serves,
    sign, signed, signed up, sold, spent on, start, started, starting,
    starts, stay, stayed, stays, streamed, studying, submit, submitted, take, taken, taken by,
    taking, taught, teach, teaches, took, treat, treated, use, used, uses, using, visit,
    visited, visits, work, worked, working, works, write, writes, written, wrote
"""
