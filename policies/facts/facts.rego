# METADATA
# title: Facts
# description: Positive statements about people, projects and data; every one is undefined where a fact is missing.
package facts

import rego.v2

# The course everybody completes before working with data, and the one before checking what leaves.
research_course := "safe-researcher"

checking_course := "output-checking"

# Roles with power over data or people; the others may sign in with a password alone.
roles_without_second_factor := {"researcher", "project_lead", "committee_member", "auditor"}

incomplete := concat(" ", [
	"The question did not hold every fact a rule needs, so nothing was allowed;",
	"tell the enclave's admin what you were doing.",
])

# Only the alternative for this action is tried: matching all of them costs ten times as much.
complete(question, schema) if {
	some alternative in schema.anyOf
	question.action in alternative.properties.action.enum
	json.match_schema(question, alternative)[0] == true
}

today(at) := substring(at, 0, 10)

# Rego orders values of different types, so a comparison alone would take a null or an object for a date.
in_date(until, at) if {
	is_string(until)
	until >= today(at)
}

begun(since, at) if {
	is_string(since)
	since <= today(at)
}

active(person) if person.active == true

unsuspended(thing) if thing.suspended == false

holds(person, role, at) if {
	some held in person.roles
	held.role == role
	in_date(held.valid_until, at)
}

identified(person, _) if person.second_factor == true

identified(person, _) if person.second_factor_waived == true

identified(person, at) if every held in person.roles {
	passwordless_power(held, at)
}

# A role that needs no second factor, or one that is over.
passwordless_power(held, _) if held.role in roles_without_second_factor

passwordless_power(held, at) if {
	is_string(held.valid_until)
	not in_date(held.valid_until, at)
}

trained(person, course, at) if {
	some training in person.training
	training.course == course
	begun(training.completed_on, at)
	in_date(training.valid_until, at)
}

member(person, project, memberships, at) if {
	some membership in memberships
	current(membership, person, project, at)
}

leader(person, project, memberships, at) if {
	some membership in memberships
	membership.role == "project_lead"
	current(membership, person, project, at)
}

current(membership, person, project, at) if {
	membership.project == project.id
	membership.person == person.id
	membership.ended == false
	in_date(membership.valid_until, at)
}

# Somebody who never was in the project: a question lists ended memberships too.
outsider(memberships) if count(memberships) == 0

# Where nobody is named for a project, any checker from outside may review.
may_review(reviewing, _) if reviewing.anybody == true

may_review(reviewing, id) if {
	is_array(reviewing.named)
	some named in reviewing.named
	named == id
}

open(project, at) if {
	project.state == "open"
	begun(project.opens_on, at)
	in_date(project.closes_on, at)
}

standing contains "Your account is closed; ask the enclave's admin to open it again." if {
	not active(input.person)
}

standing contains "Your account is suspended; ask the enclave's admin why, and what lifts it." if {
	not unsuspended(input.person)
}

second_factor contains reason if {
	not identified(input.person, input.at)
	reason := concat(" ", [
		"One of your roles needs a second factor and this sign-in showed none;",
		"set up an authenticator app under your account and sign in with it.",
	])
}

project_standing contains reason if {
	not unsuspended(input.project)
	reason := sprintf(
		"The project “%s” is suspended; ask the enclave's admin why, and what lifts it.",
		[input.project.title],
	)
}

project_standing contains reason if {
	not open(input.project, input.at)
	reason := sprintf(
		"The project “%s” is not open today; ask the enclave's admin to open it or to move its dates.",
		[input.project.title],
	)
}

membership contains reason if {
	not member(input.person, input.project, input.memberships, input.at)
	reason := sprintf(
		"You are not a member of the project “%s” today; ask its lead to have you added.",
		[input.project.title],
	)
}
