# METADATA
# title: Tokens
# description: Who may make, use and revoke a token of the API.
# scope: subpackages
package people

import rego.v2

import data.facts

# 90 days, in the unit that times are compared in.
longest_life_ns := ((90 * 24) * 3600) * 1000000000

deny contains "This token is somebody else's; make one of your own on your account page." if {
	input.action in {"make_token", "use_token"}
	not input.token.person == input.person.id
}

deny contains "Only its person or an admin revokes a token; ask one of them." if {
	input.action == "end_token"
	not may_end_token
}

deny contains "A token ends within 90 days of its making; choose fewer days." if {
	input.action == "make_token"
	not short_lived
}

deny contains "Choose at least one thing that the token may be used for." if {
	input.action == "make_token"
	not narrowed
}

deny contains "This token is revoked; make another on your account page." if {
	input.action in {"make_token", "use_token"}
	not input.token.revoked == false
}

deny contains "This token has expired; make another on your account page." if {
	input.action in {"make_token", "use_token"}
	not still_valid
}

deny contains reason if {
	input.action == "use_token"
	not input.scope in input.token.scopes
	reason := sprintf(
		"This token lacks the scope “%s”; make one that has it on your account page.",
		[scope_said],
	)
}

# A name that is missing would take the whole denial along.
default scope_said := "that this needs"

scope_said := input.scope if is_string(input.scope)

may_end_token if input.token.person == input.person.id

may_end_token if facts.holds(input.person, "admin", input.at)

# Times have one form and one length, so text compares as time does.
still_valid if {
	is_string(input.token.expires_at)
	is_string(input.at)
	input.at < input.token.expires_at
}

short_lived if {
	is_string(input.at)
	life := time.parse_rfc3339_ns(input.token.expires_at) - time.parse_rfc3339_ns(input.at)
	life > 0
	life <= longest_life_ns
}

narrowed if {
	is_array(input.token.scopes)
	count(input.token.scopes) > 0
}
