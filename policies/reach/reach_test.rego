package reach_test

import rego.v2

import data.reach
import data.sessions
import data.sessions_test

stranger := object.union(sessions_test.start, {"memberships": []})

many(number) := [sessions_test.start | some _ in numbers.range(1, number)]

alone(question) := answer if {
	answer := sessions.decision with input as question
}

test_each_is_answered_as_if_it_were_asked_alone if {
	questions := [stranger, sessions_test.start, sessions_test.proceed, {}, null, "start", [sessions_test.start]]
	answers := reach.decisions with input as {"questions": questions}
	every number, question in questions {
		answers[number] == object.union(alone(question), {"number": number})
	}
	[answer.allow | some answer in answers] == [false, true, true, false, false, false, false]
}

test_as_many_as_may_be_asked_are_answered if {
	answers := reach.decisions with input as {"questions": many(reach.most)}
	count(answers) == reach.most
}

refused := [
	{},
	null,
	[],
	[sessions_test.start],
	"questions",
	{"questions": null},
	{"questions": sessions_test.start},
	{"questions": {"0": sessions_test.start}},
	{"questions": {sessions_test.start}},
	{"questions": "start"},
	{"questions": []},
	{"questions": many(reach.most + 1)},
	{"questions": [sessions_test.start], "unknown": true},
	{"question": [sessions_test.start]},
	sessions_test.start,
]

test_what_is_no_list_of_questions_gets_no_answer if every asked in refused {
	print(asked)
	answers := reach.decisions with input as asked
	answers == []
}
