"""What the fields of records are made of."""

from xr_server import app  # all that a server reads is loaded with it
from xr_server.domain.fields import prepare_types
from xr_server.domain.permission import Wish
from xr_server.domain.scan import Reason, ScanDetails
from xr_server.domain.visit import Batch
from xr_server.domain.vocabulary import KINDS


def test_every_type_that_a_server_reads_is_made_ready_before_its_threads_begin():
    assert app.create_app is not None
    assert {ScanDetails, Reason, Batch, *KINDS, Wish} <= set(prepare_types())
