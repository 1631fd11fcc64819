"""Which address belongs to which handler?"""

from __future__ import annotations

from jupyter_server.auth.decorator import authorized
from tornado.web import HTTPError, authenticated

from clew_notebook_ext import (
    data_handlers,
    model_handlers,
    query_handlers,
    run_handlers,
    thread_handlers,
)
from clew_notebook_ext.handler import ClewHandler

PREFIX = "clew/v1"
_ID = r"([0-9A-Za-z_-]{1,64})"
_NAME = r"([^/]{1,400})"

ROUTES: tuple[tuple[str, type[ClewHandler]], ...] = (
    (r"status", data_handlers.StatusHandler),
    (r"ask", run_handlers.AskHandler),
    (rf"runs/{_ID}", run_handlers.OneRunHandler),
    (rf"runs/{_ID}/events", run_handlers.EventsHandler),
    (rf"runs/{_ID}/cancel", run_handlers.CancelHandler),
    (rf"runs/{_ID}/resume", run_handlers.ResumeHandler),
    (rf"runs/{_ID}/plan", run_handlers.PlanHandler),
    (rf"runs/{_ID}/approvals/{_ID}", run_handlers.ApprovalHandler),
    (rf"runs/{_ID}/proposals/{_ID}", run_handlers.ProposalHandler),
    (r"threads", thread_handlers.ThreadsHandler),
    (rf"threads/{_ID}", thread_handlers.ThreadHandler),
    (rf"threads/{_ID}/branch", thread_handlers.BranchHandler),
    (rf"answers/{_ID}/feedback", thread_handlers.FeedbackHandler),
    (r"sources", data_handlers.SourcesHandler),
    (rf"sources/{_NAME}/tables/{_NAME}", data_handlers.TableHandler),
    (r"samples", data_handlers.SamplesHandler),
    (rf"results/{_ID}", data_handlers.ResultHandler),
    (rf"results/{_ID}/{_ID}", data_handlers.ResultHandler),
    (r"queries", query_handlers.QueriesHandler),
    (rf"exports/{_ID}", query_handlers.ExportHandler),
    (rf"exports/{_ID}/{_ID}", query_handlers.ExportHandler),
    (rf"figures/{_ID}", data_handlers.FigureHandler),
    (rf"figures/{_ID}/{_ID}", data_handlers.FigureHandler),
    (r"model/test", model_handlers.ModelTestHandler),
    (r"charts", data_handlers.ChartsHandler),
    (r"graph", data_handlers.GraphHandler),
)


class UnknownHandler(ClewHandler):
    """Everything else below the prefix."""

    @authenticated
    @authorized
    async def get(self) -> None:
        """Say that there is nothing."""
        raise HTTPError(404)

    post = put = patch = delete = head = get


def handlers() -> list[tuple[str, type[ClewHandler]]]:
    """List what Jupyter's web application has to know, below its base URL."""
    known = [(f"/{PREFIX}/{path}", handler) for path, handler in ROUTES]
    return [*known, ("/clew/.*", UnknownHandler)]
