# METADATA
# title: Releases
# description: Who may see, judge, release, withdraw and download what was handed in.
# schemas:
#   - input: schema.releases.data
package releases

import rego.v2

import data.facts

default allow := false

allow if count(deny) == 0

decision := {"allow": allow, "reasons": [reason | some reason in deny]}

# No setting of a project's goes below these: two, and what the highest tier of its data asks for.
fewest_reviews := 2

fewest_of_tier := {0: 2, 1: 2, 2: 2, 3: 2, 4: 3}

most_reviews_of_tier := max([least | some least in fewest_of_tier])

reviews_needed := max([input.reviewing.approvals, fewest_of_tier[input.reviewing.tier]]) if enough_asked

else := least if least := fewest_of_tier[input.reviewing.tier]

else := most_reviews_of_tier

deny contains facts.incomplete if not facts.complete(input, data.schemas.releases)

deny contains reason if some reason in facts.standing

deny contains reason if some reason in facts.second_factor

deny contains "The submission is of another project; open it from its own project's page." if {
	not input.submission.project == input.project.id
}

# Judging: the files before release, a vote, the release itself.
deny contains "Only an output checker may do this; ask the enclave's admin who checks releases." if {
	judging
	not facts.holds(input.person, "output_checker", input.at)
}

deny contains reason if {
	judging
	not facts.trained(input.person, facts.checking_course, input.at)
	reason := sprintf(
		"Your training “%s” is missing or out of date; complete the course, then ask the enclave's admin to record it.",
		[facts.checking_course],
	)
}

deny contains "You handed this in yourself, and nobody reviews their own release; ask another output checker." if {
	judging
	not somebody_elses
}

deny contains reason if {
	judging
	not facts.outsider(input.memberships)
	reason := sprintf(
		"You are or were a member of the project “%s”, so you may not review its releases; ask another output checker.",
		[input.project.title],
	)
}

deny contains reason if {
	judging
	not input.conflicted == false
	reason := sprintf(
		"You declared a conflict of interest with the project “%s”, so its releases are for others; ask another output checker.",
		[input.project.title],
	)
}

deny contains reason if {
	judging
	not facts.may_review(input.reviewing, input.person.id)
	reason := sprintf(
		"The releases of the project “%s” are reviewed by checkers who were named for it, and you are none of them; ask the enclave's admin.",
		[input.project.title],
	)
}

deny contains "The project asks for fewer approvals than two; ask the enclave's admin to set it right." if {
	input.action == "release"
	not enough_asked
}

deny contains "Of which tier the project's data is can't be told; ask the enclave's admin to set it right." if {
	input.action == "release"
	not fewest_of_tier[input.reviewing.tier]
}

deny contains "This submission was withdrawn; ask its author to hand in again." if not standing_submission

deny contains "You may not see this submission; ask a member of its project or the enclave's auditor." if {
	input.action == "view"
	not may_see_page
}

deny contains "This submission is not open for votes; wait for its screening or see its page for what became of it." if {
	input.action == "vote"
	not input.submission.open_for_review == true
}

deny contains "You voted on this submission already; a vote is cast once." if {
	input.action == "vote"
	not first_vote
}

deny contains "The votes on this submission don't differ, so there is nothing to settle; see its page." if {
	input.action == "consolidate"
	not input.submission.differing == true
}

deny contains "Only the checkers who voted on this submission settle it between them; ask them." if {
	input.action == "consolidate"
	not voted_before
}

deny contains "Screening found something that blocks this submission; return it to its author with what to change." if {
	approving
	not input.submission.blocked == false
}

deny contains reason if {
	moving_data
	not facts.unsuspended(input.project)
	reason := sprintf(
		"The project “%s” is suspended, so nothing of it leaves; ask the enclave's admin what lifts it.",
		[input.project.title],
	)
}

deny contains "This submission was released already; it is on its project's page." if {
	input.action == "release"
	not input.submission.released == false
}

deny contains reason if {
	input.action == "release"
	not count(approvers) >= reviews_needed
	reason := sprintf(
		"A release needs approvals by %d different output checkers from outside the project; ask another one to vote.",
		[reviews_needed],
	)
}

deny contains reason if {
	input.action == "release"
	not each_file_approved
	reason := sprintf(
		"Each file needs approvals of its present bytes by %d different output checkers; ask for the votes that are missing.",
		[reviews_needed],
	)
}

deny contains "An output checker voted against this release; its author must change it and hand in again." if {
	input.action == "release"
	not unanimous
}

deny contains "The release is made with the vote of one of its reviewers; ask one of them." if {
	input.action == "release"
	not input.person.id in approvers
}

deny contains "Only its author, the project's lead or an output checker from outside may withdraw this; ask one of them." if {
	input.action == "withdraw"
	not may_withdraw
}

deny contains reason if {
	input.action == "download"
	some reason in facts.membership
}

deny contains "This submission is not released; its page says what it waits for." if {
	input.action == "download"
	not input.submission.released == true
}

judging if not input.action in {"view", "withdraw", "download"}

judging if {
	input.action == "view"
	not input.what == "page"
}

approving if input.action == "release"

approving if {
	input.action in {"vote", "consolidate"}
	not input.vote in {"reject", "return"}
}

moving_data if approving

moving_data if input.action == "download"

somebody_elses if {
	is_string(input.submission.author)
	input.submission.author != input.person.id
}

standing_submission if input.submission.withdrawn == false

# What became of a withdrawn submission can still be read on its page.
standing_submission if {
	input.action == "view"
	input.what == "page"
}

may_see_page if facts.member(input.person, input.project, input.memberships, input.at)

may_see_page if facts.holds(input.person, "auditor", input.at)

may_see_page if independent_checker

independent_checker if {
	facts.holds(input.person, "output_checker", input.at)
	facts.outsider(input.memberships)
	somebody_elses
	facts.may_review(input.reviewing, input.person.id)
	input.conflicted == false
}

enough_asked if {
	is_number(input.reviewing.approvals)
	input.reviewing.approvals >= fewest_reviews
}

first_vote if every review in input.reviews {
	review.reviewer != input.person.id
}

voted_before if {
	some review in input.reviews
	review.reviewer == input.person.id
}

each_file_approved if {
	count(input.files) > 0
	every file in input.files {
		count(approvers & {reviewer | some reviewer in file.approved_by}) >= reviews_needed
	}
}

approvers contains review.reviewer if {
	some review in input.reviews
	review.vote == "approve"
	review.checker == true
	review.member == false
	review.conflicted == false
	review.reviewer != input.submission.author
	facts.may_review(input.reviewing, review.reviewer)
}

# The vote of somebody who declared a conflict counts neither for nor against.
unanimous if every review in input.reviews {
	counts_for(review)
}

counts_for(review) if review.vote == "approve"

counts_for(review) if review.conflicted == true

may_withdraw if {
	input.submission.author == input.person.id
	facts.member(input.person, input.project, input.memberships, input.at)
}

may_withdraw if facts.leader(input.person, input.project, input.memberships, input.at)

may_withdraw if independent_checker
