package people_test

import rego.v2

import data.facts
import data.people

person(role) := {
	"id": "p1",
	"active": true,
	"suspended": false,
	"second_factor": true,
	"second_factor_waived": false,
	"roles": [{"role": role, "valid_until": "9999-12-31"}],
	"training": [],
}

ask(action, role, more) := object.union(
	{"action": action, "at": "2026-11-23T12:00:00.000000Z", "person": person(role)},
	more,
)

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

approval := {
	"change": "approve",
	"project": project,
	"version": {"id": "v1", "version": "1.0", "state": "registered", "dataset": dataset},
	"purpose": "phonetics",
	"until": "2027-06-30",
	"memberships": [],
}

lead := object.union(membership, {"role": "project_lead"})

request := object.union(approval, {"change": "ask", "memberships": [lead]})

member_request := {"change": "ask", "project": project, "memberships": [lead]}

signature := {
	"subject": "p1",
	"memberships": [membership],
	"agreement": {
		"id": "a1",
		"dataset": "d1",
		"project": "j1",
		"title": "Harbour terms",
		"until": "2027-12-31",
		"signed": false,
	},
}

allowed := {
	"sign_in": ask("sign_in", "researcher", {}),
	"manage_people": ask("manage_people", "admin", {"subject": "p2", "change": "assign_role"}),
	"edit_oneself": ask("manage_people", "admin", {"subject": "p1", "change": "edit"}),
	"record_training": ask("record_training", "admin", {"subject": "p2"}),
	"manage_project": ask("manage_project", "admin", {"subject": "j1", "change": "add_member", "members": ["p2"]}),
	"manage_dataset": ask("manage_dataset", "data_steward", {"dataset": dataset, "change": "register"}),
	"approve": ask("manage_approval", "data_steward", approval),
	"revoke_as_member": ask(
		"manage_approval", "data_steward",
		object.union(approval, {"change": "revoke", "memberships": [membership]}),
	),
	"refuse_as_member": ask(
		"manage_approval", "data_steward",
		object.union(approval, {"change": "refuse", "memberships": [membership]}),
	),
	"request": ask("request_access", "researcher", request),
	"withdraw_request": ask(
		"request_access", "researcher",
		object.union(request, {"change": "withdraw", "until": "2026-01-01"}),
	),
	"ask_for_member": ask("request_member", "researcher", member_request),
	"ask_for_member_of_proposed": ask(
		"request_member", "researcher",
		object.union(member_request, {"project": {"state": "proposed"}}),
	),
	"withdraw_member_request": ask(
		"request_member", "researcher",
		object.union(member_request, {"change": "withdraw", "project": {"state": "closed"}}),
	),
	"sign_agreement": ask("sign_agreement", "researcher", signature),
	"read_ledger": ask("read_records", "auditor", {"records": "ledger"}),
	"read_submissions": ask("read_records", "auditor", {"records": "submissions"}),
	"read_impact": ask("read_records", "data_steward", {"records": "impact"}),
	"read_impact_rounded": ask("read_records", "committee_member", {"records": "impact_rounded"}),
}

test_what_is_right_is_allowed if every name, question in allowed {
	print(name)
	people.decision == {"allow": true, "reasons": []} with input as question
}

refused := [
	["sign_in", "/person/active", false, "is closed"],
	["sign_in", "/person/suspended", true, "is suspended"],
	["manage_people", "/person/second_factor", false, "second factor"],
	["manage_people", "/person/roles/0/role", "auditor", "Only an admin"],
	["manage_people", "/person/roles/0/valid_until", "2026-11-22", "Only an admin"],
	["manage_people", "/subject", "p1", "their own roles"],
	["edit_oneself", "/change", "resume", "their own roles"],
	["record_training", "/person/roles/0/role", "data_steward", "Only an admin"],
	["record_training", "/subject", "p1", "their own training"],
	["manage_project", "/person/roles/0/role", "project_lead", "Only an admin"],
	["manage_project", "/members", ["p2", "p1"], "adds themselves"],
	["manage_dataset", "/dataset/steward", "p2", "ask Ines"],
	["manage_dataset", "/person/roles/0/role", "admin", "ask Ines"],
	["approve", "/version/dataset/steward", "p2", "ask Ines"],
	["approve", "/person/roles/0/role", "admin", "ask Ines"],
	["approve", "/memberships", [membership], "are or were a member"],
	["approve", "/memberships", [object.union(membership, {"ended": true})], "are or were a member"],
	["approve", "/version/state", "deprecated", "deprecated"],
	["approve", "/version/dataset/suspended", true, "dataset “Harbour voices” is suspended"],
	["approve", "/project/state", "closed", "is closed"],
	["approve", "/project/suspended", true, "project “Vowels” is suspended"],
	["approve", "/purpose", "marketing", "project's own purpose"],
	["approve", "/until", "2026-11-22", "project's last day"],
	["approve", "/until", "2028-01-01", "project's last day"],
	["revoke_as_member", "/version/dataset/steward", "p2", "ask Ines"],
	["refuse_as_member", "/version/dataset/steward", "p2", "ask Ines"],
	["refuse_as_member", "/person/roles/0/role", "admin", "ask Ines"],
	["request", "/memberships", [membership], "do not lead"],
	["request", "/memberships", [], "do not lead"],
	["request", "/memberships/0/ended", true, "do not lead"],
	["request", "/memberships/0/valid_until", "2026-11-22", "do not lead"],
	["request", "/version/state", "deprecated", "newer version"],
	["request", "/version/dataset/suspended", true, "ask its data steward, Ines"],
	["request", "/project/state", "closed", "gets no more data"],
	["request", "/project/suspended", true, "project “Vowels” is suspended"],
	["request", "/purpose", "marketing", "project's own purpose"],
	["request", "/until", "2026-11-22", "project's last day"],
	["request", "/until", "2028-01-01", "project's last day"],
	["withdraw_request", "/memberships", [membership], "do not lead"],
	["ask_for_member", "/memberships", [membership], "asks for its members"],
	["ask_for_member", "/memberships", [], "asks for its members"],
	["ask_for_member", "/memberships/0/ended", true, "asks for its members"],
	["ask_for_member", "/memberships/0/valid_until", "2026-11-22", "asks for its members"],
	["ask_for_member", "/project/state", "closed", "nobody joins or leaves"],
	["withdraw_member_request", "/memberships", [membership], "asks for its members"],
	["sign_agreement", "/subject", "p2", "for themselves"],
	["sign_agreement", "/memberships", [], "not a member"],
	["sign_agreement", "/memberships/0/ended", true, "not a member"],
	["sign_agreement", "/agreement/until", "2026-11-22", "has ended"],
	["read_ledger", "/person/roles/0/role", "researcher", "do not let you read"],
	["read_ledger", "/person/roles/0/role", "key_custodian", "do not let you read"],
	["read_submissions", "/person/roles/0/role", "admin", "do not let you read"],
	["read_impact", "/person/roles/0/role", "committee_member", "do not let you read"],
	["read_impact", "/person/roles/0/role", "output_checker", "do not let you read"],
	["read_impact_rounded", "/person/roles/0/role", "researcher", "do not let you read"],
	["read_impact_rounded", "/person/roles/0/valid_until", "2026-11-22", "do not let you read"],
	["sign_in", "/action", "own_everything", "every fact a rule needs"],
]

test_what_is_wrong_is_refused_with_its_reason if every case in refused {
	question := json.patch(allowed[case[0]], [{"op": "replace", "path": case[1], "value": case[2]}])
	answer := people.decision with input as question
	print(case, answer)
	answer.allow == false
	some reason in answer.reasons
	contains(reason, case[3])
}

test_an_admin_without_second_factor_is_let_in_by_the_demo_switch_only if {
	question := json.patch(allowed.manage_people, [
		{"op": "replace", "path": "/person/second_factor", "value": false},
		{"op": "replace", "path": "/person/second_factor_waived", "value": true},
	])
	people.allow with input as question
}

test_nothing_is_asked_nothing_is_allowed if {
	people.decision.allow == false with input as {}
	facts.incomplete in people.decision.reasons with input as {}
}
