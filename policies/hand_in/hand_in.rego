# METADATA
# title: Hand-in
# description: Who may hand in files from a running session.
# schemas:
#   - input: schema.hand_in.data
package hand_in

import rego.v2

import data.facts

default allow := false

allow if count(deny) == 0

decision := {"allow": allow, "reasons": [reason | some reason in deny]}

deny contains facts.incomplete if not facts.complete(input, data.schemas.hand_in)

deny contains reason if some reason in facts.standing

deny contains reason if some reason in facts.project_standing

deny contains reason if some reason in facts.membership

deny contains "Files are handed in from your own session of this project; start it and hand in from there." if {
	not own_session
}

deny contains "Files are handed in from a running session; start a session and hand in from there." if {
	not running_session
}

deny contains "Only what you handed in yourself, in this project, can be replaced by you; hand in without `replaces`." if {
	not replaces_own
}

deny contains "What you want to replace did not come back to you, or was replaced already; see its page, or hand in without `replaces`." if {
	not replaces_returned
}

replaces_own if every before in input.replaces {
	before.author == input.person.id
	before.project == input.project.id
}

replaces_returned if every before in input.replaces {
	before.replaceable == true
}

own_session if {
	input.session.person == input.person.id
	input.session.project == input.project.id
}

running_session if {
	input.session.state == "running"
	input.session.expires_at > input.at
}
