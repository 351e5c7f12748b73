"""What is counted while it happens, in every process of the portal's side; `/metrics` adds them up."""

from __future__ import annotations

from prometheus_client import Counter, Histogram

POLICY_SECONDS = Histogram(
    "parlatory_policy_seconds",
    "How long the policy engine took to answer a question",
    ["package"],
    buckets=(0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.0),
)
POLICY_UNANSWERED = Counter(
    "parlatory_policy_unanswered", "Questions that the policy engine did not answer readably", ["package"]
)
DECISIONS = Counter(
    "parlatory_decisions", "Decisions written on the ledger", ["package", "action", "allowed"]
)
LEASES_RENEWED = Counter("parlatory_leases_renewed", "Leases given to live sessions, counted each time")
