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

own_session if {
	input.session.person == input.person.id
	input.session.project == input.project.id
}

running_session if {
	input.session.state == "running"
	input.session.expires_at > input.at
}
