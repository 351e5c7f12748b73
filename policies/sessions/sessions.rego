# METADATA
# title: Sessions
# description: Who may start a session in a project, with which data, and whether a running one may go on.
# schemas:
#   - input: schema.sessions.data
package sessions

import rego.v2

import data.facts

default allow := false

allow if count(deny) == 0

decision := {"allow": allow, "reasons": [reason | some reason in deny]}

deny contains facts.incomplete if not facts.complete(input, data.schemas.sessions)

deny contains reason if some reason in facts.standing

deny contains reason if some reason in facts.project_standing

deny contains reason if some reason in facts.membership

# A running session has no sign-in of its own, so the second factor is asked for when it starts.
deny contains reason if {
	not input.action == "continue"
	some reason in facts.second_factor
}

deny contains "Your account does not hold the role of a researcher today; ask the enclave's admin for it." if {
	not researcher
}

deny contains reason if {
	not facts.trained(input.person, facts.research_course, input.at)
	reason := sprintf(
		"Your training “%s” is missing or out of date; complete the course, then ask the enclave's admin to record it.",
		[facts.research_course],
	)
}

deny contains "A session serves the purpose of its project and no other; start it for that purpose." if {
	not input.purpose == input.project.purpose
}

deny contains reason if {
	not some_dataset
	reason := sprintf(
		"No dataset is approved for the project “%s”; ask its lead to request data from a data steward.",
		[input.project.title],
	)
}

deny contains reason if {
	some use in input.datasets
	not facts.unsuspended(use.version.dataset)
	reason := sprintf(
		"The dataset “%s” is suspended; ask its data steward, %s, what lifts it.",
		[use.version.dataset.title, use.version.dataset.steward_name],
	)
}

deny contains reason if {
	some use in input.datasets
	not approved(use)
	reason := sprintf(
		"Version %s of “%s” is not approved today for the project “%s” and its purpose; ask its data steward, %s.",
		[
			use.version.version,
			use.version.dataset.title,
			input.project.title,
			use.version.dataset.steward_name,
		],
	)
}

deny contains reason if {
	some use in input.datasets
	not agreed(use)
	reason := sprintf(
		"You have not signed an agreement in force for “%s” in this project; sign it on the project's page, or ask the data steward, %s, for one.",
		[use.version.dataset.title, use.version.dataset.steward_name],
	)
}

deny contains "You already have a session running, and one person runs one at a time; stop it first." if {
	not input.action == "continue"
	not alone
}

deny contains "This session is not yours or not of this project; start one of your own." if {
	not input.action == "start"
	not own_session
}

deny contains "This session has ended; start a new one." if {
	not input.action == "start"
	not live_session
}

deny contains "This session has reached its time limit; start a new one." if {
	not input.action == "start"
	not input.session.expires_at > input.at
}

researcher if facts.holds(input.person, "researcher", input.at)

researcher if facts.holds(input.person, "project_lead", input.at)

some_dataset if count(input.datasets) > 0

approved(use) if {
	some approval in use.approvals
	approval.project == input.project.id
	approval.version == use.version.id
	approval.purpose == input.purpose
	approval.revoked == false
	facts.in_date(approval.until, input.at)
}

agreed(use) if {
	some agreement in use.agreements
	agreement.project == input.project.id
	agreement.dataset == use.version.dataset.id
	agreement.signed == true
	facts.in_date(agreement.until, input.at)
}

alone if count(input.running) == 0

own_session if {
	input.session.person == input.person.id
	input.session.project == input.project.id
}

live_session if input.session.state in {"requested", "starting", "running"}
