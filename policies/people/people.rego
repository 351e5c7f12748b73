# METADATA
# title: People
# description: Who may sign in, and who may change people, datasets, approvals, projects and agreements.
# schemas:
#   - input: schema.people.data
package people

import rego.v2

import data.facts

default allow := false

allow if count(deny) == 0

decision := {"allow": allow, "reasons": [reason | some reason in deny]}

admin_actions := {"manage_people", "record_training", "manage_project"}

# Who reads which records; records hold no data, and reading changes nothing.
readers := {
	"ledger": {"auditor", "admin"},
	"people": {"auditor", "admin"},
	"projects": {"auditor", "admin", "committee_member"},
	"datasets": {"auditor", "admin", "committee_member", "data_steward"},
	"sessions": {"auditor", "admin"},
	"submissions": {"auditor"},
	# A small count may point at somebody: as it is to those who answer for the enclave or its data.
	"impact": {"auditor", "admin", "data_steward"},
	"impact_rounded": {"auditor", "admin", "data_steward", "committee_member"},
}

deny contains facts.incomplete if not facts.complete(input, data.schemas.people)

deny contains reason if some reason in facts.standing

deny contains reason if some reason in facts.second_factor

deny contains "Only an admin may do this; ask the enclave's admin." if {
	input.action in admin_actions
	not facts.holds(input.person, "admin", input.at)
}

deny contains "Nobody changes their own roles or lifts their own suspension; ask another admin." if {
	input.action == "manage_people"
	not harmless_to_oneself
	not about_somebody_else
}

deny contains "Nobody records their own training; ask another admin." if {
	input.action == "record_training"
	not about_somebody_else
}

deny contains "Nobody adds themselves to a project or its reviewers, or puts themselves out; ask another admin." if {
	input.action == "manage_project"
	not members_are_others
}

deny contains reason if {
	input.action == "manage_dataset"
	not steward_of(input.dataset)
	reason := not_steward(input.dataset)
}

deny contains reason if {
	input.action == "manage_approval"
	not steward_of(input.version.dataset)
	reason := not_steward(input.version.dataset)
}

deny contains reason if {
	approving
	not facts.outsider(input.memberships)
	reason := sprintf(
		"You are or were a member of the project “%s”, so you may not approve data for it; ask the enclave's admin for another steward.",
		[input.project.title],
	)
}

deny contains reason if {
	approving
	not input.version.state == "registered"
	reason := sprintf(
		"Version %s of “%s” is deprecated; approve a newer version instead.",
		[input.version.version, input.version.dataset.title],
	)
}

deny contains reason if {
	approving
	not facts.unsuspended(input.version.dataset)
	reason := sprintf(
		"The dataset “%s” is suspended; resume it before you approve it for anybody.",
		[input.version.dataset.title],
	)
}

deny contains reason if {
	approving
	not input.project.state in {"proposed", "open"}
	reason := sprintf("The project “%s” is closed; ask the enclave's admin to open it first.", [input.project.title])
}

deny contains reason if {
	approving
	not facts.unsuspended(input.project)
	reason := sprintf("The project “%s” is suspended; ask the enclave's admin what lifts it.", [input.project.title])
}

deny contains "An approval is for the project's own purpose; choose that purpose or have the project changed." if {
	approving
	not input.purpose == input.project.purpose
}

deny contains "An approval ends between today and the project's last day; choose a date in between." if {
	approving
	not approval_dates_fit
}

deny contains reason if {
	input.action == "request_access"
	not facts.leader(input.person, input.project, input.memberships, input.at)
	reason := sprintf(
		"You do not lead the project “%s” today, and data is asked for by a project's lead; ask one of them.",
		[input.project.title],
	)
}

deny contains reason if {
	input.action == "request_member"
	not facts.leader(input.person, input.project, input.memberships, input.at)
	reason := sprintf(
		"You do not lead the project “%s” today, and a project's lead asks for its members; ask one of them.",
		[input.project.title],
	)
}

deny contains reason if {
	asking_for_member
	not input.project.state in {"proposed", "open"}
	reason := sprintf("The project “%s” is closed, so nobody joins or leaves it; propose a new one.", [input.project.title])
}

deny contains reason if {
	asking
	not input.version.state == "registered"
	reason := sprintf(
		"Version %s of “%s” is deprecated; ask for a newer version instead.",
		[input.version.version, input.version.dataset.title],
	)
}

deny contains reason if {
	asking
	not facts.unsuspended(input.version.dataset)
	reason := sprintf(
		"The dataset “%s” is suspended; ask its data steward, %s, what lifts it.",
		[input.version.dataset.title, input.version.dataset.steward_name],
	)
}

deny contains reason if {
	asking
	not input.project.state in {"proposed", "open"}
	reason := sprintf("The project “%s” is closed, so it gets no more data; propose a new one.", [input.project.title])
}

deny contains reason if {
	asking
	not facts.unsuspended(input.project)
	reason := sprintf("The project “%s” is suspended; ask the enclave's admin what lifts it.", [input.project.title])
}

deny contains "Data is asked for a project's own purpose; choose that purpose or have the project changed." if {
	asking
	not input.purpose == input.project.purpose
}

deny contains "Data is asked for until a day between today and the project's last day; choose a date in between." if {
	asking
	not approval_dates_fit
}

deny contains "An agreement is signed by each person for themselves; ask that person to sign in and sign." if {
	input.action == "sign_agreement"
	not input.subject == input.person.id
}

deny contains reason if {
	input.action == "sign_agreement"
	not facts.member(input.person, {"id": input.agreement.project}, input.memberships, input.at)
	reason := sprintf(
		"You are not a member of the project that “%s” is for; ask its lead to have you added.",
		[input.agreement.title],
	)
}

deny contains reason if {
	input.action == "sign_agreement"
	not facts.in_date(input.agreement.until, input.at)
	reason := sprintf("The agreement “%s” has ended; ask the dataset's steward for a new one.", [input.agreement.title])
}

deny contains reason if {
	input.action == "read_records"
	not may_read
	reason := sprintf(
		"Your roles do not let you read the records of %s; ask the enclave's admin or its auditor.",
		[input.records],
	)
}

approving if {
	input.action == "manage_approval"
	not input.change in {"revoke", "refuse"}
}

asking if {
	input.action == "request_access"
	not input.change == "withdraw"
}

asking_for_member if {
	input.action == "request_member"
	not input.change == "withdraw"
}

about_somebody_else if input.subject != input.person.id

harmless_to_oneself if input.change in {"edit", "suspend"}

members_are_others if every member in input.members {
	member != input.person.id
}

steward_of(dataset) if {
	dataset.steward == input.person.id
	facts.holds(input.person, "data_steward", input.at)
}

not_steward(dataset) := sprintf(
	"Only the data steward of “%s” may do this; ask %s.",
	[dataset.title, dataset.steward_name],
)

approval_dates_fit if {
	facts.in_date(input.until, input.at)
	input.until <= input.project.closes_on
}

may_read if {
	some role in readers[input.records]
	facts.holds(input.person, role, input.at)
}
