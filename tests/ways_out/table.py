"""Which test follows each way out that the product prints.

A row is a test, with the functions and tables whose texts it follows to their end. `HELP` are texts that
nobody meets as a refusal. A text that is in no row fails test_each_message_is_followed.py: give it a row, and
with it a test that does what the text says.
"""

from __future__ import annotations

from collections.abc import Mapping

_W = "tests/ways_out"
FOLLOWED: Mapping[str, str] = {
    # Arguments and settings
    f"{_W}/test_settings_lead_out.py::test_what_is_said_about_settings_leads_to_right_ones": """
        components/arguments/inputs.py Arguments.completed
        components/arguments/inputs.py _Reading._texts
        components/audit.py _destinations
        components/key.py _rotation_before_expiry
        components/network.py checked_ip_range
        components/encryption_args.py _one_vault
        components/encryption_args.py _made_or_existing_key
        components/service_args.py _tier
        components/encryption_args.py _without_customer_key
        components/encryption_args.py _vault_of_key
        components/service_args.py _resource_group
        components/encryption_args.py _managed_hsm 2
        components/service_args.py _derived_names
    """,
    f"{_W}/test_settings_lead_out.py::test_what_is_said_about_a_part_leads_to_right_arguments": """
        components/account_args.py _tier
        core/arm_ids.py _hint
    """,
    f"{_W}/test_settings_lead_out.py::test_what_is_said_about_several_services_leads_to_right_ones": """
        components/callers.py problems
        settings/parse.py _removed_but_listed
        settings/services.py _shared_operators
    """,
    # What a service has, and what was done to it
    f"{_W}/test_every_refusal_is_followed.py::test_every_refusal_leads_out": """
        components/azure_failures.py explanation
        components/guards/data_loss.py _replacement 2
        components/guards/data_loss.py _encryption 2
    """,
    f"{_W}/test_access_leads_out.py::test_a_changed_access_model_leaves_nothing_to_revoke": """
        components/guards/data_loss.py _other_model 2
        core/commands.py assign_role
    """,
    f"{_W}/test_access_leads_out.py::test_a_first_revocation_says_what_comes_first": """
        components/guards/access.py revoked_without_a_key
    """,
    f"{_W}/test_versions_lead_out.py::test_a_key_that_has_expired_is_rotated_before_it_is_bound": """
        provider/key_version.py _no_version
    """,
    f"{_W}/test_access_leads_out.py::test_what_somebody_gave_a_new_identity_gives_way": """
        components/guards/grants.py policy_of_new_identity
    """,
    f"{_W}/test_findings_lead_out.py::test_what_keeps_a_composed_account_from_its_key_is_found": """
        components/azure_failures.py _UNUSABLE_KEY
    """,
    f"{_W}/test_every_refusal_is_followed.py::test_an_account_is_moved_only_from_a_key_that_it_can_use": """
        components/guards/access.py _cannot_leave 7
    """,
    f"{_W}/test_access_leads_out.py::test_an_identity_that_the_state_lost_is_not_written": """
        components/account_write.py _identity_unrecorded
    """,
    f"{_W}/test_every_refusal_is_followed.py::test_each_drift_has_a_way_back": """
        components/guards/access.py removed_access
        components/guards/access.py _taken
        components/guards/drift.py _FORGET
        components/guards/drift.py _account
        components/guards/drift.py _identity
        components/guards/drift.py _user_assigned
        components/guards/drift.py _vault 3
        components/guards/drift.py _key
    """,
    f"{_W}/test_every_refusal_is_followed.py::test_what_the_stack_made_is_not_named_as_existing": """
        components/guards/data_loss.py _made_here 4
    """,
    "tests/components/test_key_operators.py::test_an_owner_makes_access_once_that_of_others_is_deleted": """
        components/guards/grants.py operators_of_others 2
    """,
    f"{_W}/test_evidence_leads_out.py::test_who_has_access_to_a_key_in_use_is_seen": """
        components/guards/access.py still_granted
    """,
    f"{_W}/test_access_leads_out.py::test_access_is_given_back_for_real": """
        components/guards/access.py stale_grant
    """,
    f"{_W}/test_versions_lead_out.py::test_a_generation_needs_a_vault_that_is_reached": """
        components/guards/notes.py generation_in_closed_vault
    """,
    f"{_W}/test_versions_lead_out.py::test_days_of_rotation_that_change_are_told": """
        components/key.py kept_rotation
    """,
    "tests/lives/test_access.py::test_access_goes_although_the_update_fails": """
        components/guards/preflight.py RefusedError.__init__
    """,
    "tests/runbooks/test_access.py::test_emergency_revocation": """
        components/guards/access.py still_granted
        operate/revoke.py granted
        operate/revoke.py page 5
        operate/revoke.py _policy 2
        operate/revoke.py _version
        provider/key_access_revocation.py KeyAccessRevocationHandler._warn_of_other_access
    """,
    "tests/lives/test_ways_out.py::test_what_is_printed_leads_out": """
        components/account_write.py _not_found
        components/azure_failures.py _EXPLAINED
        components/guards/existing_resources.py unrecorded_account
        core/commands.py adopt
    """,
    f"{_W}/test_engine_ways.py::test_a_replacement_that_failed_is_finished_before_it_is_reverted": """
        components/guards/existing_resources.py unrecorded_account
        components/service_parts.py Parts._warn_of_replacement
    """,
    f"{_W}/test_engine_ways.py::test_an_account_that_was_bound_elsewhere_is_bound_back_before_a_rotation": """
        provider/rules.py account_is_on_the_key
    """,
    f"{_W}/test_engine_ways.py::test_under_the_pack_an_identity_that_was_made_anew_takes_a_refresh": """
        policies/rules/grant_present.py _REFRESH
    """,
    "tests/unbound/test_engine.py::test_what_keeps_the_key_out_of_an_update_stops_it": """
        components/account_write.py loss 2
        policies/rules/account_write_keeps_key.py _judge_inputs
    """,
    "tests/lives/test_ways_out.py::test_the_audit_of_a_protected_stack_is_ended_on_purpose": """
        components/guards/notes.py ended_logs
    """,
    "tests/lives/test_ways_out.py::test_an_update_of_targets_says_that_it_revokes_nothing": """
        components/guards/access.py not_by_targets
    """,
    f"{_W}/test_every_refusal_is_followed.py::test_what_a_state_forgot_is_taken_over": """
        core/commands.py take_over
    """,
    "tests/engine/test_account_left_out.py::test_an_account_that_is_left_out_keeps_its_key": """
        provider/customer_managed_key.py _STAYS
    """,
    "tests/engine/test_services_left_out.py::test_no_service_goes_unnamed": """
        components/guards/data_loss.py no_longer_declared
    """,
    "tests/components/test_foundry.py::test_a_project_is_deleted_only_on_purpose": """
        components/guards/data_loss.py _projects
    """,
    f"{_W}/test_every_refusal_is_followed.py::test_a_deleted_account_keeps_its_identity": """
        components/guards/soft_deleted.py _unfit
    """,
    f"{_W}/test_versions_lead_out.py::test_an_account_recovered_on_an_expired_version": """
        provider/rules.py key_is_usable
    """,
    f"{_W}/test_every_refusal_is_followed.py::test_an_account_leaves_the_key_that_it_has": """
        components/guards/data_loss.py _encryption
    """,
    f"{_W}/test_every_refusal_is_followed.py::test_an_account_comes_back_only_as_what_it_was": """
        components/guards/soft_deleted.py _unfit
    """,
    # First deployments
    "tests/components/guards/test_first_deployments.py::test_a_preview_tells_what_azure_will_refuse": """
        components/azure_failures.py _DENIED_ACCOUNT
        components/guards/existing_resources.py other_vault 2
        components/invokes.py missing_data_role
        components/guards/soft_deleted.py problems 3
        components/guards/soft_deleted.py _held
        provider/deployment/references.py _demands
        provider/deployment/references.py _make
        provider/deployment/references.py _region
        provider/deployment/references.py _rights
        provider/deployment/references.py _tier
        provider/deployment/references.py _firewall
        provider/deployment/locks.py check.judge
        provider/deployment/names.py _no_group
        provider/deployment/names.py _taken_here
        provider/deployment/names.py _taken_in_the_world
        provider/deployment/place.py _provider
        provider/deployment/place.py _sku
        provider/deployment/place.py _quota
        provider/deployment/policies.py _finding
        provider/deployment/policies.py _exemption
        provider/deployment/policies.py _told 2
        provider/deployment/rights.py judged 2
    """,
    f"{_W}/test_locks.py::test_a_destroy_names_the_locks_of_others_and_what_it_says_makes_it_pass": """
        provider/others_locks.py others_locks
    """,
    # The binding, and what Azure answers
    f"{_W}/test_findings_lead_out.py::test_a_key_that_is_not_there_is_told_before_anything_is_made": """
        components/guards/existing_resources.py absent_key
    """,
    f"{_W}/test_findings_lead_out.py::test_what_is_found_leads_to_the_binding": """
        core/commands.py set_policy
        core/demands.py FIXES 5
        core/demands.py update_command 2
        provider/key_version.py _no_key 2
        provider/key_version.py KeyVersionHandler._pinned
        provider/key_version.py _no_version 2
        provider/rules.py vault_exists
        provider/rules.py access_findings 2
        provider/rules.py key_version_exists
        provider/rules.py key_exists
        provider/rules.py key_is_usable
        provider/rules.py bound_version_is_usable 3
        provider/key_access_validation.py _findings
    """,
    f"{_W}/test_each_message_is_followed.py::test_each_fix_of_a_known_answer_is_carried_out": """
        provider/error_table.py _GRANT_ROLE
        provider/error_table.py _SET_POLICY
        provider/error_table.py _MAKE_OFFICER
        provider/error_table.py _SET_ROTATION_POLICY
        provider/error_table.py _SERVICE 9
    """,
    f"{_W}/test_each_message_is_followed.py::test_each_fix_of_a_finding_of_the_evidence_is_carried_out": """
        operate/evidence/findings.py DEMAND_FIXES
    """,
    "tests/provider/test_rotation.py::test_fails_a_generation_that_makes_no_sense": """
        provider/rotation.py check_generation
    """,
    "tests/operate/test_recover_on_the_engine.py::test_a_rotated_client_secret_in_the_configuration": """
        core/commands.py log_in_anew
        provider/error_table.py _LOGIN 6
    """,
    # The policy pack
    "tests/policies/test_mutations.py::test_a_property_that_a_rule_says_to_set_satisfies_it": """
        core/demands.py FIXES 5
        policies/rules/account_identity.py _FIX
        policies/rules/cmk_complete.py _judge_inline
        policies/table.py _local_auth
        policies/table.py _permission_model 2
        policies/table.py _retention
    """,
    "tests/engine/test_policy_pack.py::test_the_ways_out_pass_the_pack": """
        policies/rules/account_has_customer_key.py _judge_unbound
        policies/rules/binding_protected.py judge 2
    """,
    # Commands of this project
    "tests/operate/test_recover_on_the_engine.py::test_what_exists_and_is_declared_is_taken_over": """
        operate/recover.py _recovered 3
    """,
    "tests/runbooks/test_crash_recovery.py::test_crash_recovery": """
        operate/recover.py CutOff.__str__ 3
        operate/recover.py _write
        operate/stack.py unlock
    """,
    "tests/operate/test_outside_the_clone.py::test_a_program_beside_the_clone_has_the_commands": """
        operate/stack.py without
    """,
    "tests/operate/test_revoke.py::test_the_data_can_be_looked_at_without_pulumi": """
        operate/revoke.py look
    """,
    "tests/operate/test_revoke.py::test_a_role_is_deleted_and_comes_back_under_its_name": """
        operate/revoke.py _role
    """,
    "tests/runbooks/test_adopt.py::test_adopt": """
        operate/adopt/command.py commands 6
        operate/adopt/files.py _HEAD
    """,
    "tests/runbooks/test_rotation.py::test_rotate_after_compromise": """
        operate/disable_version.py _enable
    """,
    "tests/review/test_whole_workflow.py::test_a_pull_request_from_its_clone_to_its_comment": """
        review/__main__.py _state
        review/plan.py _plans
        review/plan.py _refreshed
        review/preview.py _not_json
        review/preview.py _mapping
        review/preview.py _read_digest
    """,
    "tests/engine/test_first_hour.py::test_start_here": """
        operate/stack.py outputs 2
        policies/__main__.py _load
    """,
    f"{_W}/test_inputs_lead_out.py::test_what_is_said_leads_to_what_is_accepted": """
        core/login.py Login.with_cli_account 2
        operate/login.py of_stack
        operate/probe/command.py _place
        operate/recover.py arm_id.value
        provider/functions.py _no_subscription
        provider/checks.py check_binding
        provider/checks.py _client_id
        provider/checks.py principal_id
        components/access.py has_identity
        operate/fleet/shared.py _settings 2
        review/approvals.py _wrong
        components/account_args.py _outbound
        components/foundry.py _below
        components/foundry.py _unique
        settings/parse.py _without_path
        policies/reports.py _text
    """,
    "tests/operate/test_doctor.py::test_a_stack_without_a_file_is_told_how_to_begin": """
        operate/doctor.py _settings
    """,
    f"{_W}/test_commands_lead_out.py::test_a_backend_is_there_after_the_login": """
        operate/doctor.py _pulumi
        operate/doctor.py _backend
    """,
    f"{_W}/test_commands_lead_out.py::test_a_login_is_there_after_what_is_said": """
        operate/doctor.py _azure 2
    """,
    f"{_W}/test_commands_lead_out.py::test_a_stack_is_there_after_its_command": """
        operate/stack.py NoStackError.__init__
    """,
    f"{_W}/test_commands_lead_out.py::test_a_keys_id_is_put_together_as_it_is_said": """
        components/arguments/checks.py key_id
    """,
    f"{_W}/test_commands_lead_out.py::test_a_binding_that_exists_is_taken_over_by_the_import": """
        provider/rules.py account_is_free
    """,
    f"{_W}/test_commands_lead_out.py::test_a_binding_that_cannot_be_undone_goes_by_what_is_said": """
        provider/binder.py Binder.unbind
    """,
    f"{_W}/test_commands_lead_out.py::test_what_is_below_a_locked_account_goes_without_the_lock": """
        components/guards/data_loss.py _locked
    """,
    f"{_W}/test_commands_lead_out.py::test_who_may_not_call_is_listed_among_the_callers": """
        operate/verify.py _may_not_call
    """,
    f"{_W}/test_evidence_leads_out.py::test_what_the_evidence_finds_is_mended": """
        operate/evidence/findings.py _CLOSE
        operate/evidence/findings.py RULES 6
        operate/evidence/findings.py _words
        operate/evidence/findings.py _GRANT
        operate/evidence/findings.py _ROTATE
    """,
    "tests/one_answer/test_kinds.py::test_what_the_fixes_say_is_taken": """
        policies/rules/account_fits_its_kind.py _links
        policies/rules/account_fits_its_kind.py judge
        provider/rules.py account_takes_identity
    """,
    f"{_W}/test_rules_lead_out.py::test_a_rule_is_satisfied_by_its_fix": """
        core/demands.py FIXES 2
        core/demands.py usable
        policies/rules/binding_identity.py _own
        policies/rules/one_writer.py _judge_bindings
        policies/rules/one_writer.py _judge_twins
    """,
    f"{_W}/test_rules_lead_out.py::test_a_rule_is_satisfied_by_the_setting_that_it_names": """
        policies/rules/grant_present.py _SETTING
        policies/rules/grant_present.py _judge_model
        policies/table.py _expiry_date
        policies/table.py _ROTATION_SETTING
        policies/rules/vault_audited.py judge
    """,
    f"{_W}/test_managed_hsm_leads_out.py::test_a_missing_role_is_given_by_the_command_that_is_printed": """
        provider/error_table.py hsm_grant
    """,
    f"{_W}/test_managed_hsm_leads_out.py::test_doctor_is_content_after_its_commands": """
        operate/doctor.py _in_hsm
        operate/doctor.py _role_command
    """,
    f"{_W}/test_managed_hsm_leads_out.py::test_access_is_revoked_and_given_back": """
        operate/revoke.py _hsm_role 2
    """,
    f"{_W}/test_adoption_leads_out.py::test_an_account_is_adopted_after_the_command": """
        core/commands.py patch
        operate/adopt/obstacles.py _account 5
        operate/adopt/obstacles.py _grant 2
        operate/adopt/obstacles.py _identity
    """,
    f"{_W}/test_adoption_leads_out.py::test_a_state_is_separated_where_it_is_given": """
        operate/adopt/separate.py main
    """,
    "tests/components/test_kept_properties.py::test_a_search_service_is_never_written_without_its_key": """
        components/kept_properties.py lost_search
    """,
}
CHECKED: Mapping[str, str] = {
    "It is about a type of the reader's own program, whose ARM id only the reader can work out": """
        operate/recover.py arm_id
    """,
    "A security domain is given out once, wrapped with keys that only the HSM's administrators hold": """
        core/demands.py FIXES
    """,
}
"""What no test follows to its end, by the reason; its commands and settings are checked for being real."""
HELP = """
    components/guards/preflight.py _Preflight._check_deployment
    engine/requirements.py _HEAD
    operate/__main__.py _parser
    operate/recover.py as_exported
    policies/configuration.py main
    policies/publish.py main
    review/__main__.py _parser 5
    settings/documentation.py _INTRODUCTION
    settings/documentation.py _SECRET
    settings/model.py NAME
"""
"""Help, headings and documentation: nobody is refused with them."""


def places(rows: str) -> dict[tuple[str, str], int]:
    """How many texts of which function or table a row has."""
    found = {}
    for row in rows.split("\n"):
        if words := row.split():
            found[words[0], words[1]] = int(words[2]) if len(words) > 2 else 1
    return found
