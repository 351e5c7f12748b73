package hand_in_test

import rego.v2

import data.facts
import data.hand_in

submit := {
	"action": "submit",
	"at": "2026-11-23T12:00:00.000000Z",
	"person": {
		"id": "p1",
		"active": true,
		"suspended": false,
		"second_factor": false,
		"second_factor_waived": false,
		"roles": [{"role": "researcher", "valid_until": "9999-12-31"}],
		"training": [],
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
	"session": {
		"id": "s1",
		"person": "p1",
		"project": "j1",
		"state": "running",
		"expires_at": "2026-11-23T20:00:00.000000Z",
	},
	"replaces": [],
}

came_back := {
	"id": "b1",
	"title": "Formant table",
	"project": "j1",
	"author": "p1",
	"open_for_review": false,
	"differing": false,
	"blocked": false,
	"released": false,
	"withdrawn": false,
	"replaceable": true,
}

test_what_came_back_is_replaced_by_its_author if {
	question := object.union(submit, {"replaces": [came_back]})
	hand_in.decision == {"allow": true, "reasons": []} with input as question
}

test_a_member_hands_in_from_a_running_session if {
	hand_in.decision == {"allow": true, "reasons": []} with input as submit
}

refused := [
	["/person/active", false, "is closed"],
	["/person/suspended", true, "account is suspended"],
	["/project/suspended", true, "project “Vowels” is suspended"],
	["/project/state", "closed", "is not open today"],
	["/project/closes_on", "2026-11-22", "is not open today"],
	["/memberships", [], "not a member"],
	["/memberships/0/ended", true, "not a member"],
	["/memberships/0/valid_until", "2026-11-22", "not a member"],
	["/session/person", "p2", "your own session"],
	["/session/project", "j2", "your own session"],
	["/session/state", "ended", "from a running session"],
	["/session/state", "starting", "from a running session"],
	["/session/expires_at", "2026-11-23T12:00:00.000000Z", "from a running session"],
	["/replaces", [object.union(came_back, {"author": "p2"})], "handed in yourself"],
	["/replaces", [object.union(came_back, {"project": "j2"})], "handed in yourself"],
	["/replaces", [object.union(came_back, {"replaceable": false})], "did not come back to you"],
	["/action", "smuggle", "every fact a rule needs"],
]

test_a_hand_in_is_refused_with_its_reason if every case in refused {
	question := json.patch(submit, [{"op": "replace", "path": case[0], "value": case[1]}])
	answer := hand_in.decision with input as question
	print(case, answer)
	answer.allow == false
	some reason in answer.reasons
	contains(reason, case[2])
}

test_nothing_is_asked_nothing_is_allowed if {
	hand_in.decision.allow == false with input as {}
	facts.incomplete in hand_in.decision.reasons with input as {}
}
