"""The words of the audit log: what can be done to what, a closed list."""

from typing import Literal, get_args

from xr_server.domain.catalog import State

RecordDeed = Literal[
    "saved", "imported", "rolled_back", "handed_in", "sent_for_review", "taken_back", "changes_requested", "published",
    "withdrawn", "undone", "deleted", "texts_read",
]  # fmt: skip
ScanDeed = Literal[
    "scan_sent", "scan_cancelled", "scan_expired", "scan_tried_again", "scan_built", "scan_rejected", "scan_failed",
    "scan_restated", "scan_rebuild_asked", "scan_rebuilt", "scan_rebuild_failed", "scan_rebuild_stopped", "scan_deleted",
    "original_deleted", "preview_made", "preview_ended",
]  # fmt: skip
AccountDeed = Literal[
    "account_made", "role_changed", "account_closed", "account_reopened", "link_issued", "link_used",
    "password_changed", "handed_over", "token_made", "token_ended", "part_changed", "organisation_changed",
    "organisation_made", "organisation_named", "room_changed", "feed_made", "feed_ended", "mail_set", "mail_ended",
    "mail_confirmed", "mail_declined",
]  # fmt: skip
PermissionDeed = Literal["permission_granted", "permission_refused", "permission_withdrawn"]
ClassDeed = Literal[
    "class_made", "class_changed", "class_given", "class_deleted", "code_made", "code_closed", "pupil_deleted",
]  # fmt: skip
WorkDeed = Literal[
    "package_stopped", "package_released", "stopped_for_rights", "let_go_again", "work_started", "page_shown",
    "page_hidden",
]  # fmt: skip
CounterDeed = Literal["counter_opened", "counter_ended"]
ApprovalDeed = Literal[
    "approval_asked", "approval_given", "approval_returned", "approval_taken_back", "approval_lapsed",
    "approval_overruled", "approval_rule_made", "approval_rule_ended", "organisation_part_set", "log_exported",
]  # fmt: skip
MemoryDeed = Literal[
    "memory_shown", "memory_refused", "memory_hidden", "memory_translated", "memory_withdrawn", "memory_forgotten",
    "memory_kept_back", "memories_opened", "memories_closed", "memories_put_away",
]  # fmt: skip
FigurePage = Literal["figures", "now", "landmarks", "campaigns", "quality", "report", "open_data", "privacy"]
"""Pages whose reading is written down; each has its name in the texts, audit.page_..."""
FIGURE_PAGES: tuple[FigurePage, ...] = get_args(FigurePage)
FigureDeed = Literal[
    "figures_read", "figures_exported", "figures_opened", "retention_set", "targets_set", "book_erased"
]
Deed = Literal[
    RecordDeed,
    ScanDeed,
    AccountDeed,
    PermissionDeed,
    ClassDeed,
    WorkDeed,
    CounterDeed,
    ApprovalDeed,
    MemoryDeed,
    FigureDeed,
]
DEEDS: tuple[Deed, ...] = get_args(Deed)

# how a record's move to a state is called
MOVES: dict[State, Deed] = {
    "draft": "taken_back",
    "with_teacher": "handed_in",
    "in_review": "sent_for_review",
    "changes_requested": "changes_requested",
    "published": "published",
    "withdrawn": "withdrawn",
}
