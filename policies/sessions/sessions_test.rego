package sessions_test

import rego.v2

import data.facts
import data.sessions

start := {
	"action": "start",
	"at": "2026-11-23T12:00:00.000000Z",
	"person": {
		"id": "p1",
		"active": true,
		"suspended": false,
		"second_factor": false,
		"second_factor_waived": false,
		"roles": [{"role": "researcher", "valid_until": "9999-12-31"}],
		"training": [{"course": "safe-researcher", "completed_on": "2026-01-10", "valid_until": "2027-01-10"}],
	},
	"project": {
		"id": "j1",
		"title": "Vowels",
		"purpose": "phonetics",
		"state": "open",
		"opens_on": "2026-01-01",
		"closes_on": "2027-12-31",
		"suspended": false,
	},
	"memberships": [{
		"project": "j1",
		"person": "p1",
		"role": "researcher",
		"valid_until": "9999-12-31",
		"ended": false,
	}],
	"purpose": "phonetics",
	"datasets": [{
		"version": {
			"id": "v1",
			"version": "1.0",
			"state": "registered",
			"dataset": {
				"id": "d1",
				"title": "Harbour voices",
				"tier": 2,
				"steward": "p9",
				"steward_name": "Ines",
				"suspended": false,
			},
		},
		"approvals": [{
			"id": "a1",
			"project": "j1",
			"version": "v1",
			"purpose": "phonetics",
			"until": "2027-06-30",
			"revoked": false,
		}],
		"agreements": [{
			"id": "g1",
			"dataset": "d1",
			"project": "j1",
			"title": "Harbour terms",
			"until": "2027-12-31",
			"signed": true,
		}],
	}],
	"running": [],
}

proceed := object.union(object.remove(start, ["running"]), {
	"action": "continue",
	"session": {
		"id": "s1",
		"person": "p1",
		"project": "j1",
		"state": "running",
		"expires_at": "2026-11-23T20:00:00.000000Z",
	},
})

test_a_member_with_everything_in_date_may_start if {
	sessions.decision == {"allow": true, "reasons": []} with input as start
}

test_a_project_lead_may_start if {
	question := json.patch(start, [
		{"op": "replace", "path": "/person/roles/0/role", "value": "project_lead"},
		{"op": "replace", "path": "/memberships/0/role", "value": "project_lead"},
	])
	sessions.allow with input as question
}

test_a_running_session_may_go_on if {
	sessions.decision == {"allow": true, "reasons": []} with input as proceed
}

# Everything that keeps a session from starting also ends one that runs.
refused_both := [
	["/person/active", false, "is closed"],
	["/person/suspended", true, "account is suspended"],
	["/person/roles", [], "role of a researcher"],
	["/person/roles/0/valid_until", "2026-11-22", "role of a researcher"],
	["/person/roles/0/role", "admin", "role of a researcher"],
	["/person/roles/0/role", "key_custodian", "role of a researcher"],
	["/person/roles/0/role", "data_steward", "role of a researcher"],
	["/person/roles/0/role", "auditor", "role of a researcher"],
	["/person/training", [], "training “safe-researcher” is missing"],
	["/person/training/0/valid_until", "2026-11-22", "training “safe-researcher” is missing"],
	["/person/training/0/course", "knitting", "training “safe-researcher” is missing"],
	["/project/state", "proposed", "is not open today"],
	["/project/state", "closed", "is not open today"],
	["/project/opens_on", "2026-11-24", "is not open today"],
	["/project/closes_on", "2026-11-22", "is not open today"],
	["/project/suspended", true, "project “Vowels” is suspended"],
	["/memberships", [], "not a member"],
	["/memberships/0/ended", true, "not a member"],
	["/memberships/0/valid_until", "2026-11-22", "not a member"],
	["/memberships/0/person", "p2", "not a member"],
	["/memberships/0/project", "j2", "not a member"],
	["/purpose", "marketing", "serves the purpose"],
	["/datasets", [], "No dataset is approved"],
	["/datasets/0/version/dataset/suspended", true, "“Harbour voices” is suspended"],
	["/datasets/0/approvals", [], "is not approved today"],
	["/datasets/0/approvals/0/revoked", true, "is not approved today"],
	["/datasets/0/approvals/0/until", "2026-11-22", "is not approved today"],
	["/datasets/0/approvals/0/purpose", "marketing", "is not approved today"],
	["/datasets/0/approvals/0/project", "j2", "is not approved today"],
	["/datasets/0/approvals/0/version", "v2", "is not approved today"],
	["/datasets/0/agreements", [], "not signed an agreement"],
	["/datasets/0/agreements/0/signed", false, "not signed an agreement"],
	["/datasets/0/agreements/0/until", "2026-11-22", "not signed an agreement"],
	["/datasets/0/agreements/0/dataset", "d2", "not signed an agreement"],
	["/datasets/0/agreements/0/project", "j2", "not signed an agreement"],
]

refused_start := [
	["/running", ["s2"], "stop it first"],
	["/person/roles/0/role", "output_checker", "second factor"],
]

refused_proceed := [
	["/session/person", "p2", "not yours"],
	["/session/project", "j2", "not yours"],
	["/session/state", "ended", "has ended"],
	["/session/expires_at", "2026-11-23T12:00:00.000000Z", "time limit"],
]

refusal(question, case) if {
	changed := json.patch(question, [{"op": "replace", "path": case[0], "value": case[1]}])
	answer := sessions.decision with input as changed
	print(case, answer)
	answer.allow == false
	some reason in answer.reasons
	contains(reason, case[2])
}

test_a_start_is_refused_with_its_reason if every case in array.concat(refused_both, refused_start) {
	refusal(start, case)
}

test_a_running_session_is_ended_with_its_reason if every case in array.concat(refused_both, refused_proceed) {
	refusal(proceed, case)
}

test_one_unapproved_dataset_among_two_refuses if {
	second := json.patch(start.datasets[0], [{"op": "replace", "path": "/version/id", "value": "v2"}])
	question := json.patch(start, [{"op": "add", "path": "/datasets/-", "value": second}])
	not sessions.allow with input as question
}

test_nothing_is_asked_nothing_is_allowed if {
	sessions.decision.allow == false with input as {}
	facts.incomplete in sessions.decision.reasons with input as {}
}
