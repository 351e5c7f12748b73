# METADATA
# title: Reach
# description: Who could start which session, many questions at once; each is decided by `sessions`, as if it were asked alone.
package reach

import rego.v2

import data.sessions

# The enclave's client asks so many at once (hub.policy.client.AT_ONCE); more would be slow to answer.
most := 50

# No list of questions gets no answer, and no answer allows nothing: the client expects one for each question.
default decisions := []

decisions := [answer |
	some number, question in input.questions
	decision := sessions.decision with input as question
	answer := {"number": number, "allow": decision.allow, "reasons": decision.reasons}
] if {
	object.keys(input) == {"questions"}
	is_array(input.questions)
	count(input.questions) <= most
}
