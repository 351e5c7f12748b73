package releases_test

import rego.v2

import data.facts
import data.releases

project := {
	"id": "j1",
	"title": "Vowels",
	"purpose": "phonetics",
	"state": "open",
	"opens_on": "2026-01-01",
	"closes_on": "2027-12-31",
	"suspended": false,
}

membership := {
	"project": "j1",
	"person": "p1",
	"role": "researcher",
	"valid_until": "9999-12-31",
	"ended": false,
}

review(reviewer) := {
	"reviewer": reviewer,
	"vote": "approve",
	"checker": true,
	"member": false,
	"conflicted": false,
}

file(voters) := {"file": "f1", "approved_by": voters}

submission := {
	"id": "b1",
	"title": "Formant table",
	"project": "j1",
	"author": "p7",
	"open_for_review": true,
	"differing": false,
	"blocked": false,
	"released": false,
	"withdrawn": false,
	"replaceable": false,
}

ask(action, role, memberships, more) := object.union(
	{
		"action": action,
		"at": "2026-11-23T12:00:00.000000Z",
		"person": {
			"id": "p1",
			"active": true,
			"suspended": false,
			"second_factor": true,
			"second_factor_waived": false,
			"roles": [{"role": role, "valid_until": "9999-12-31"}],
			"training": [{"course": "output-checking", "completed_on": "2026-01-10", "valid_until": "2027-01-10"}],
		},
		"project": project,
		"memberships": memberships,
		"submission": submission,
		"reviewing": {"anybody": true, "named": [], "approvals": 2, "tier": 2},
		"conflicted": false,
	},
	more,
)

named(people, approvals) := {"anybody": false, "named": people, "approvals": approvals, "tier": 2}

lead := object.union(membership, {"role": "project_lead"})

allowed := {
	"checker_sees_files": ask("view", "output_checker", [], {"what": "files"}),
	"checker_sees_page": ask("view", "output_checker", [], {"what": "page"}),
	"member_sees_page": ask("view", "researcher", [membership], {"what": "page"}),
	"member_sees_withdrawn_page": ask(
		"view", "researcher", [membership],
		{"what": "page", "submission": {"withdrawn": true}},
	),
	"auditor_sees_page": ask("view", "auditor", [], {"what": "page"}),
	"vote": ask("vote", "output_checker", [], {"vote": "approve", "reviews": [review("p2")]}),
	"vote_against": ask("vote", "output_checker", [], {
		"vote": "reject", "reviews": [],
		"submission": {"blocked": true},
	}),
	"return": ask("vote", "output_checker", [], {"vote": "return", "reviews": [], "submission": {"blocked": true}}),
	"consolidate": ask("consolidate", "output_checker", [], {
		"vote": "approve", "reviews": [review("p1"), review("p2")],
		"submission": {"open_for_review": false, "differing": true},
	}),
	"consolidate_against": ask("consolidate", "output_checker", [], {
		"vote": "return", "reviews": [review("p1"), review("p2")],
		"submission": {"open_for_review": false, "differing": true, "blocked": true},
	}),
	"release": ask("release", "output_checker", [], {
		"reviews": [review("p1"), review("p2")],
		"files": [file(["p1", "p2"])],
	}),
	"release_without_a_conflicted_vote": ask("release", "output_checker", [], {
		"reviews": [
			object.union(review("p4"), {"vote": "reject", "conflicted": true}),
			review("p1"), review("p2"),
		],
		"files": [file(["p1", "p2"])],
	}),
	"named_sees_page": ask("view", "output_checker", [], {"what": "page", "reviewing": named(["p1", "p2"], 2)}),
	"named_votes": ask("vote", "output_checker", [], {
		"vote": "approve", "reviews": [],
		"reviewing": named(["p1", "p2", "p3"], 3),
	}),
	"release_by_three_named": ask("release", "output_checker", [], {
		"reviews": [review("p1"), review("p2"), review("p3")],
		"files": [file(["p1", "p2", "p3"])],
		"reviewing": named(["p1", "p2", "p3"], 3),
	}),
	"release_of_the_most_sensitive": ask("release", "output_checker", [], {
		"reviews": [review("p1"), review("p2"), review("p3")],
		"files": [file(["p1", "p2", "p3"])],
		"reviewing": object.union(named(["p1", "p2", "p3"], 2), {"tier": 4}),
	}),
	"author_withdraws": ask("withdraw", "researcher", [membership], {"submission": {"author": "p1"}}),
	"lead_withdraws": ask("withdraw", "researcher", [lead], {}),
	"checker_withdraws": ask("withdraw", "output_checker", [], {}),
	"download": json.remove(
		ask("download", "researcher", [membership], {"submission": {"released": true}}),
		["/conflicted", "/reviewing"],
	),
}

test_what_is_right_is_allowed if every name, question in allowed {
	print(name)
	releases.decision == {"allow": true, "reasons": []} with input as question
}

no_role := [
	["researcher", "checker_sees_files"],
	["admin", "checker_sees_files"],
	["key_custodian", "checker_sees_files"],
	["auditor", "checker_sees_files"],
	["data_steward", "checker_sees_files"],
	["admin", "checker_sees_page"],
	["key_custodian", "checker_sees_page"],
	["researcher", "checker_sees_page"],
	["auditor", "vote"],
	["admin", "vote"],
	["admin", "release"],
	["auditor", "consolidate"],
	["researcher", "consolidate_against"],
	["admin", "checker_withdraws"],
	["auditor", "checker_withdraws"],
]

test_no_other_role_does_a_checkers_work if every case in no_role {
	change := [{"op": "replace", "path": "/person/roles/0/role", "value": case[0]}]
	question := json.patch(allowed[case[1]], change)
	not releases.allow with input as question
}

refused := [
	["vote", "/person/active", false, "is closed"],
	["vote", "/person/suspended", true, "account is suspended"],
	["vote", "/person/second_factor", false, "second factor"],
	["vote", "/person/roles/0/valid_until", "2026-11-22", "Only an output checker"],
	["vote", "/person/training", [], "training “output-checking” is missing"],
	["vote", "/person/training/0/valid_until", "2026-11-22", "training “output-checking” is missing"],
	["vote", "/submission/author", "p1", "nobody reviews their own"],
	["vote", "/memberships", [membership], "are or were a member"],
	["vote", "/memberships", [object.union(membership, {"ended": true})], "are or were a member"],
	["vote", "/submission/open_for_review", false, "not open for votes"],
	["vote", "/submission/withdrawn", true, "was withdrawn"],
	["vote", "/submission/blocked", true, "Screening found"],
	["vote", "/submission/project", "j2", "of another project"],
	["vote", "/reviews", [review("p1")], "voted on this submission already"],
	["vote", "/project/suspended", true, "nothing of it leaves"],
	["vote", "/conflicted", true, "declared a conflict of interest"],
	["vote", "/submission/differing", "false", "every fact a rule needs"],
	["checker_sees_files", "/conflicted", true, "declared a conflict of interest"],
	["checker_sees_page", "/conflicted", true, "may not see"],
	["checker_withdraws", "/conflicted", true, "Only its author"],
	["consolidate", "/person/roles/0/role", "admin", "Only an output checker"],
	["consolidate", "/submission/differing", false, "nothing to settle"],
	["consolidate", "/submission/author", "p1", "nobody reviews their own"],
	["consolidate", "/submission/blocked", true, "Screening found"],
	["consolidate", "/submission/withdrawn", true, "was withdrawn"],
	["consolidate", "/memberships", [membership], "are or were a member"],
	["consolidate", "/conflicted", true, "declared a conflict of interest"],
	["consolidate", "/reviews", [review("p2"), review("p3")], "Only the checkers who voted"],
	["consolidate", "/project/suspended", true, "nothing of it leaves"],
	["vote", "/reviewing", named(["p2", "p3"], 2), "were named for it"],
	["vote", "/reviewing", named([], 2), "were named for it"],
	["named_votes", "/reviewing/named", ["p2", "p3"], "were named for it"],
	["named_sees_page", "/reviewing/named", ["p2"], "may not see"],
	["checker_sees_files", "/reviewing", named(["p2"], 2), "were named for it"],
	["consolidate", "/reviewing", named(["p2"], 2), "were named for it"],
	["checker_withdraws", "/reviewing", named(["p2"], 2), "Only its author"],
	["release", "/reviewing", named(["p1", "p3"], 2), "2 different output checkers"],
	["release", "/reviewing/approvals", 3, "by 3 different output checkers from outside"],
	["release", "/reviewing/approvals", 1, "fewer approvals than two"],
	["release", "/reviewing/approvals", 0, "fewer approvals than two"],
	["release", "/reviewing/approvals", "3", "fewer approvals than two"],
	["release", "/reviewing/tier", 4, "by 3 different output checkers from outside"],
	["release", "/reviewing/tier", 5, "Of which tier"],
	["release", "/reviewing/tier", -1, "Of which tier"],
	["release", "/reviewing/tier", "2", "Of which tier"],
	["release", "/reviewing/tier", null, "Of which tier"],
	["release_of_the_most_sensitive", "/files", [file(["p1", "p2"])], "bytes by 3 different output checkers"],
	["release_of_the_most_sensitive", "/reviews", [review("p1"), review("p2")], "by 3 different output"],
	["release_by_three_named", "/reviews", [review("p1"), review("p2")], "by 3 different output checkers"],
	["release_by_three_named", "/files", [file(["p1", "p2"])], "bytes by 3 different output checkers"],
	["release_by_three_named", "/reviewing/named", ["p1", "p2"], "by 3 different output checkers"],
	["release", "/conflicted", true, "declared a conflict of interest"],
	["release", "/reviews/0/conflicted", true, "2 different output checkers"],
	["release", "/files", [], "Each file needs approvals"],
	["release", "/files", [file(["p1"])], "Each file needs approvals"],
	["release", "/files", [file(["p1", "p1"])], "Each file needs approvals"],
	["release", "/files", [file(["p1", "p9"])], "Each file needs approvals"],
	["release", "/files", [file(["p1", "p2"]), file(["p2"])], "Each file needs approvals"],
	["checker_sees_files", "/submission/author", "p1", "nobody reviews their own"],
	["checker_sees_files", "/memberships", [membership], "are or were a member"],
	["checker_sees_files", "/submission/withdrawn", true, "was withdrawn"],
	["member_sees_page", "/what", "files", "Only an output checker"],
	["member_sees_page", "/memberships", [], "may not see"],
	["member_sees_page", "/memberships/0/ended", true, "may not see"],
	["auditor_sees_page", "/what", "files", "Only an output checker"],
	["auditor_sees_page", "/person/roles/0/valid_until", "2026-11-22", "may not see"],
	["release", "/reviews", [review("p1")], "2 different output checkers"],
	["release", "/reviews", [review("p1"), review("p1")], "2 different output checkers"],
	["release", "/reviews/1/checker", false, "2 different output checkers"],
	["release", "/reviews/1/member", true, "2 different output checkers"],
	["release", "/reviews/1/reviewer", "p7", "2 different output checkers"],
	["release", "/reviews/1/vote", "reject", "voted against"],
	["release", "/reviews/1/vote", "return", "voted against"],
	["release", "/reviews/0/reviewer", "p3", "one of its reviewers"],
	["release", "/submission/released", true, "released already"],
	["release", "/submission/blocked", true, "Screening found"],
	["release", "/submission/withdrawn", true, "was withdrawn"],
	["release", "/project/suspended", true, "nothing of it leaves"],
	["author_withdraws", "/submission/author", "p7", "Only its author"],
	["author_withdraws", "/memberships/0/ended", true, "Only its author"],
	["author_withdraws", "/submission/withdrawn", true, "was withdrawn"],
	["lead_withdraws", "/memberships/0/role", "researcher", "Only its author"],
	["checker_withdraws", "/memberships", [membership], "Only its author"],
	["download", "/memberships", [], "not a member"],
	["download", "/memberships/0/valid_until", "2026-11-22", "not a member"],
	["download", "/submission/released", false, "is not released"],
	["download", "/submission/withdrawn", true, "was withdrawn"],
	["download", "/project/suspended", true, "nothing of it leaves"],
]

test_what_is_wrong_is_refused_with_its_reason if every case in refused {
	question := json.patch(allowed[case[0]], [{"op": "replace", "path": case[1], "value": case[2]}])
	answer := releases.decision with input as question
	print(case, answer)
	answer.allow == false
	some reason in answer.reasons
	contains(reason, case[3])
}

test_nothing_is_asked_nothing_is_allowed if {
	releases.decision.allow == false with input as {}
	facts.incomplete in releases.decision.reasons with input as {}
}
