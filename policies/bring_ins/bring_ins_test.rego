package bring_ins_test

import rego.v2

import data.bring_ins
import data.facts

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

lead := object.union(membership, {"role": "project_lead"})

brought := {
	"id": "b1",
	"title": "Formant tracker",
	"project": "j1",
	"author": "p7",
	"waiting": true,
	"gone": false,
}

training(course) := {"course": course, "completed_on": "2026-01-10", "valid_until": "2027-01-10"}

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
			"training": [training("safe-researcher"), training("output-checking")],
		},
		"project": project,
		"memberships": memberships,
	},
	more,
)

about(action, role, memberships, more) := object.union(
	ask(action, role, memberships, {"bring_in": brought, "conflicted": false}),
	more,
)

judging(verdict, more) := about("judge_bring_in", "output_checker", [], object.union({"verdict": verdict}, more))

own := {"bring_in": {"author": "p1"}}

allowed := {
	"member_brings": ask("bring_in", "researcher", [membership], {}),
	"member_sees_page": about("view_bring_in", "researcher", [membership], {"what": "page"}),
	"member_sees_files": about("view_bring_in", "researcher", [membership], {"what": "files"}),
	"checker_sees_files": about("view_bring_in", "output_checker", [], {"what": "files"}),
	"auditor_sees_page": about("view_bring_in", "auditor", [], {"what": "page"}),
	"checker_approves": judging("approve", {}),
	"checker_rejects": judging("reject", {}),
	"rejecting_of_a_suspended_project": judging("reject", {"project": {"suspended": true}}),
	"author_takes_back": about("take_back_bring_in", "researcher", [membership], own),
	"lead_takes_back": about("take_back_bring_in", "researcher", [lead], {}),
	"checker_takes_back": about("take_back_bring_in", "output_checker", [], {}),
	"taking_back_after_approval": about("take_back_bring_in", "researcher", [lead], {"bring_in": {"waiting": false}}),
	"taking_back_from_a_suspended_project": about("take_back_bring_in", "researcher", [lead], {"project": {"suspended": true}}),
}

test_allowed if every name, question in allowed {
	allows(name, question)
}

allows(_, question) if bring_ins.decision == {"allow": true, "reasons": []} with input as question

refused := {
	"outsider_brings": [ask("bring_in", "researcher", [], {}), "not a member"],
	"former_member_brings": [ask("bring_in", "researcher", [object.union(membership, {"ended": true})], {}), "not a member"],
	"admin_brings": [ask("bring_in", "admin", [], {}), "not a member"],
	"untrained_brings": [ask("bring_in", "researcher", [membership], {"person": {"training": []}}), "safe-researcher"],
	"bringing_when_closed": [ask("bring_in", "researcher", [membership], {"project": {"state": "closed"}}), "not open"],
	"bringing_when_suspended": [ask("bring_in", "researcher", [membership], {"project": {"suspended": true}}), "suspended"],
	"suspended_person_brings": [ask("bring_in", "researcher", [membership], {"person": {"suspended": true}}), "suspended"],
	"checker_without_second_factor": [judging("approve", {"person": {"second_factor": false}}), "second factor"],
	"admin_sees": [about("view_bring_in", "admin", [], {"what": "page"}), "may not see"],
	"auditor_sees_files": [about("view_bring_in", "auditor", [], {"what": "files"}), "may not see"],
	"conflicted_checker_sees": [about("view_bring_in", "output_checker", [], {"what": "page", "conflicted": true}), "may not see"],
	"another_projects": [about("view_bring_in", "researcher", [membership], {"what": "page", "bring_in": {"project": "j2"}}), "another project"],
	"researcher_judges": [about("judge_bring_in", "researcher", [], {"verdict": "approve"}), "Only an output checker"],
	"untrained_judges": [judging("approve", {"person": {"training": [training("safe-researcher")]}}), "output-checking"],
	"author_judges": [judging("approve", own), "yourself"],
	"member_judges": [about("judge_bring_in", "output_checker", [membership], {"verdict": "approve"}), "member of the project"],
	"conflicted_judges": [judging("approve", {"conflicted": true}), "conflict of interest"],
	"judging_twice": [judging("approve", {"bring_in": {"waiting": false}}), "does not wait"],
	"approving_for_a_suspended_project": [judging("approve", {"project": {"suspended": true}}), "suspended"],
	"approving_for_a_closed_project": [judging("approve", {"project": {"state": "closed"}}), "not open"],
	"stranger_takes_back": [about("take_back_bring_in", "researcher", [], {}), "takes this back"],
	"member_takes_back_anothers": [about("take_back_bring_in", "researcher", [membership], {}), "takes this back"],
	"former_member_takes_back_own": [about("take_back_bring_in", "researcher", [], own), "takes this back"],
	"taking_back_twice": [about("take_back_bring_in", "researcher", [lead], {"bring_in": {"gone": true}}), "out of reach"],
	"no_project": [object.remove(ask("bring_in", "researcher", [membership], {}), ["project"]), "one project"],
	"no_such_act": [about("burn_bring_in", "admin", [], {}), facts.incomplete],
}

test_refused if every name, pair in refused {
	refuses(name, pair[0], pair[1])
}

refuses(_, question, words) if {
	answer := bring_ins.decision with input as question
	answer.allow == false
	some reason in answer.reasons
	contains(reason, words)
}

test_nothing_is_allowed_about_nothing if not bring_ins.allow with input as {}
