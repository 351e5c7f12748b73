package people_test

import rego.v2

import data.people

token := {
	"id": "t1",
	"person": "p1",
	"scopes": ["people:read"],
	"made_at": "2026-11-23T12:00:00.000000Z",
	"expires_at": "2027-02-21T12:00:00.000000Z",
	"revoked": false,
}

with_token(action, role, change, more) := object.union(
	ask(action, role, {"token": object.union(token, change)}),
	more,
)

used(change) := with_token("use_token", "researcher", change, {"scope": "people:read"})

made(change) := with_token("make_token", "researcher", change, {})

ended(role, change) := with_token("end_token", role, change, {})

anothers := {"person": "p2"}

test_a_token_of_ones_own_is_used_within_its_scopes if {
	people.allow with input as used({})
	not people.allow with input as object.union(used({}), {"scope": "people:write"})
	not people.allow with input as with_token("use_token", "researcher", {}, {})
}

test_a_token_that_is_somebody_elses_revoked_or_expired_is_not_used if {
	not people.allow with input as used(anothers)
	not people.allow with input as used({"revoked": true})
	not people.allow with input as used({"expires_at": "2026-11-23T12:00:00.000000Z"})
}

test_a_token_is_no_way_around_standing_or_the_second_factor if {
	suspended := object.union(used({}), {"person": {"suspended": true}})
	not people.allow with input as suspended
	closed := object.union(used({}), {"person": {"active": false}})
	not people.allow with input as closed
	unproved := object.union(
		with_token("use_token", "admin", {}, {"scope": "people:read"}),
		{"person": {"second_factor": false}},
	)
	not people.allow with input as unproved
}

test_a_token_is_made_for_oneself_for_90_days_at_most_with_a_scope if {
	people.allow with input as made({})
	not people.allow with input as made({"expires_at": "2027-02-21T12:00:00.000001Z"})
	not people.allow with input as made({"expires_at": "2026-11-22T12:00:00.000000Z"})
	not people.allow with input as made({"scopes": []})
	not people.allow with input as made({"revoked": true})
	not people.allow with input as made(anothers)
}

test_a_token_is_revoked_by_its_person_or_an_admin if {
	people.allow with input as ended("researcher", {})
	people.allow with input as ended("admin", anothers)
	not people.allow with input as ended("auditor", anothers)
}
