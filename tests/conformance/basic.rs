//! The profile Basic OP: `response_type=code`.

/// What the profile demands of a flow.
macro_rules! basic {
    ($($flows:tt)+) => {
        $crate::conformance::tell! { $($flows)+; {
            sign_in::{
                a_person_signs_in,
                a_request_without_response_type_is_refused,
                an_id_token_is_signed_with_rs256_unless_registered_otherwise,
                unsigned_id_tokens_are_not_offered,
                userinfo_answers_a_get,
                userinfo_answers_a_post_with_the_token_in_the_header,
                userinfo_answers_a_post_with_the_token_in_the_body,
                a_nonce_is_optional_without_an_id_token_in_the_front_channel,
                the_order_of_parameters_and_scopes_means_nothing,
                display_page_is_no_error,
                display_popup_is_no_error,
                ui_locales_are_no_error,
                claims_locales_are_no_error,
                unknown_parameters_are_ignored,
                a_login_hint_stands_in_the_login_page,
                acr_values_are_answered_with_an_announced_one,
                an_unregistered_redirect_uri_is_answered_with_a_page,
                an_authorization_request_may_be_posted,
            },
            claims::{
                scope_profile_gives_the_profile,
                scope_email_gives_the_address_of_mail,
                scope_address_gives_the_postal_address,
                scope_phone_gives_the_phone_number,
                all_scopes_together_give_everything,
                an_essential_claim_is_given,
            },
            prompts::{
                prompt_login_asks_for_the_password_again,
                prompt_none_without_a_session_is_an_error,
                prompt_none_with_a_session_asks_nothing,
                a_login_older_than_max_age_is_renewed,
                a_login_within_max_age_stands,
                a_hint_of_whoever_is_there_asks_nothing,
            },
            codes::{
                a_code_is_redeemed_once,
                a_code_that_comes_again_takes_its_tokens_along,
                a_client_may_post_its_secret,
                a_refresh_token_serves_its_own_client_alone,
                pkce_is_honoured_and_for_confidential_clients_optional,
            },
            requests::{
                a_request_object_is_refused_as_unsupported,
                a_request_uri_is_refused_as_unsupported,
                a_request_object_redeems_no_bad_redirect_uri,
            },
        } }
    };
}
pub(super) use basic;

basic!(code: Flow::of("code"));
