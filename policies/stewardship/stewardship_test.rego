package stewardship_test

import rego.v2

import data.facts
import data.stewardship

dataset := {
	"id": "d1",
	"title": "Harbour voices",
	"tier": 2,
	"steward": "p1",
	"steward_name": "Ines",
	"suspended": false,
}

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

submission := {
	"id": "b1",
	"title": "Formant table",
	"project": "j1",
	"author": "p7",
	"open_for_review": false,
	"differing": false,
	"blocked": false,
	"released": true,
	"withdrawn": false,
	"replaceable": false,
}

ask(action, role, more) := object.union(
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
	},
	more,
)

of_dataset(what, author) := {"dataset": dataset, "what": what, "author": author}

of_submission(what, author, memberships) := {
	"project": project,
	"memberships": memberships,
	"submission": submission,
	"what": what,
	"author": author,
	"conflicted": false,
	"reviewing": {"anybody": true, "named": [], "approvals": 2, "tier": 2},
}

only_for(id) := {"anybody": false, "named": [id], "approvals": 2, "tier": 2}

another := object.union(dataset, {"steward": "p2"})

allowed := {
	"steward_sees": ask("see_use", "data_steward", {"dataset": dataset}),
	"admin_sees": ask("see_use", "admin", {"dataset": another}),
	"auditor_sees": ask("see_use", "auditor", {"dataset": another}),
	"give": ask("dataset_feedback", "researcher", of_dataset("give", "p1")),
	"read_mine": ask("dataset_feedback", "researcher", of_dataset("read", "p1")),
	"read_as_steward": ask("dataset_feedback", "data_steward", of_dataset("read", "p9")),
	"answer": ask("dataset_feedback", "data_steward", of_dataset("answer", "p9")),
	"give_on_decision": ask("submission_feedback", "researcher", of_submission("give", "p1", [membership])),
	"read_as_member": ask("submission_feedback", "researcher", of_submission("read", "p9", [membership])),
	"read_as_auditor": ask("submission_feedback", "auditor", of_submission("read", "p9", [])),
	"read_as_checker": ask("submission_feedback", "output_checker", of_submission("read", "p9", [])),
	"answer_decision": ask("submission_feedback", "output_checker", of_submission("answer", "p9", [])),
	"answer_as_named": ask(
		"submission_feedback",
		"output_checker",
		object.union(of_submission("answer", "p9", []), {"reviewing": only_for("p1")}),
	),
}

test_what_is_right_is_allowed if every name, question in allowed {
	answer := stewardship.decision with input as question
	print(name, answer)
	answer == {"allow": true, "reasons": []}
}

refused := [
	["give", "/person/active", false, "is closed"],
	["give", "/person/suspended", true, "is suspended"],
	["steward_sees", "/person/second_factor", false, "second factor"],
	["steward_sees", "/dataset/steward", "p2", "ask Ines"],
	["admin_sees", "/person/roles/0/role", "committee_member", "ask Ines"],
	["admin_sees", "/person/roles/0/role", "data_steward", "ask Ines"],
	["auditor_sees", "/person/roles/0/role", "researcher", "ask Ines"],
	["auditor_sees", "/person/roles/0/valid_until", "2026-11-22", "ask Ines"],
	["give", "/author", "p2", "one's own name"],
	["give_on_decision", "/author", "p2", "one's own name"],
	["read_mine", "/author", "p2", "between who gave it"],
	["read_as_steward", "/dataset/steward", "p2", "between who gave it"],
	["answer", "/dataset/steward", "p2", "Only the data steward"],
	["answer", "/person/roles/0/role", "admin", "Only the data steward"],
	["give_on_decision", "/memberships", [], "not a member"],
	["give_on_decision", "/memberships/0/ended", true, "not a member"],
	["give_on_decision", "/submission/project", "j2", "of another project"],
	["read_as_member", "/memberships", [], "between its project"],
	["read_as_checker", "/memberships", [object.union(membership, {"ended": true})], "between its project"],
	["read_as_auditor", "/person/roles/0/role", "admin", "between its project"],
	["answer_decision", "/person/roles/0/role", "auditor", "has no tie"],
	["answer_decision", "/conflicted", true, "has no tie"],
	["answer_decision", "/reviewing", only_for("p2"), "may review the project"],
	["read_as_checker", "/reviewing", only_for("p2"), "between its project"],
	["read_as_checker", "/conflicted", true, "between its project"],
	["answer_decision", "/person/training", [], "has no tie"],
	["answer_decision", "/submission/author", "p1", "has no tie"],
	["answer_decision", "/author", "p1", "has no tie"],
	["answer_decision", "/memberships", [object.union(membership, {"ended": true})], "has no tie"],
	["give", "/action", "own_everything", "every fact a rule needs"],
]

test_what_is_wrong_is_refused_with_its_reason if every case in refused {
	question := json.patch(allowed[case[0]], [{"op": "replace", "path": case[1], "value": case[2]}])
	answer := stewardship.decision with input as question
	print(case, answer)
	answer.allow == false
	some reason in answer.reasons
	contains(reason, case[3])
}

test_nothing_is_asked_nothing_is_allowed if {
	stewardship.decision.allow == false with input as {}
	facts.incomplete in stewardship.decision.reasons with input as {}
}

stewarding(id, more) := object.union(
	{
		"id": id,
		"active": true,
		"suspended": false,
		"institution": "n1",
		"roles": [{"role": "data_steward", "valid_until": "9999-12-31"}],
	},
	more,
)

handing_over(by, role, more) := object.union(
	{
		"action": "hand_over_dataset",
		"at": "2026-11-23T12:00:00.000000Z",
		"person": {
			"id": by,
			"active": true,
			"suspended": false,
			"second_factor": true,
			"second_factor_waived": false,
			"roles": [{"role": role, "valid_until": "9999-12-31"}],
			"training": [],
		},
		"dataset": {
			"id": "d1",
			"title": "Harbour",
			"tier": 2,
			"steward": "s1",
			"steward_name": "Ines",
			"suspended": false,
		},
		"institution": "n1",
		"present": stewarding("s1", {}),
		"successor": stewarding("s2", {}),
	},
	more,
)

gone := {"present": {"active": false}}

handed_over := {
	"its_steward": handing_over("s1", "data_steward", {}),
	"an_admin_for_one_who_left": handing_over("a1", "admin", gone),
	"an_admin_for_one_who_is_suspended": handing_over("a1", "admin", {"present": {"suspended": true}}),
	"an_admin_for_one_whose_role_ended": handing_over("a1", "admin", {"present": {"roles": []}}),
}

test_a_dataset_is_handed_over if every name, question in handed_over {
	is_handed_over(name, question)
}

is_handed_over(_, question) if stewardship.decision == {"allow": true, "reasons": []} with input as question

kept := {
	"another_steward": [handing_over("s2", "data_steward", {}), "Only the data steward"],
	"its_steward_without_the_role": [handing_over("s1", "researcher", {}), "Only the data steward"],
	"an_admin_while_it_has_one": [handing_over("a1", "admin", {}), "Only the data steward"],
	"an_admin_to_themselves": [handing_over("s2", "admin", gone), "Only the data steward"],
	"to_no_steward": [handing_over("s1", "data_steward", {"successor": {"roles": []}}), "in good standing"],
	"to_a_closed_account": [handing_over("s1", "data_steward", {"successor": {"active": false}}), "in good standing"],
	"to_a_suspended_one": [handing_over("s1", "data_steward", {"successor": {"suspended": true}}), "in good standing"],
	"to_another_institution": [handing_over("s1", "data_steward", {"successor": {"institution": "n2"}}), "same one"],
	"to_oneself": [handing_over("s1", "data_steward", {"successor": {"id": "s1"}}), "already"],
	"of_an_old_page": [handing_over("s1", "data_steward", {"present": {"id": "s0"}}), "another steward"],
}

test_a_dataset_is_kept if every name, pair in kept {
	is_kept(name, pair[0], pair[1])
}

is_kept(_, question, words) if {
	answer := stewardship.decision with input as question
	answer.allow == false
	some reason in answer.reasons
	contains(reason, words)
}
