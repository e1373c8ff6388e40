//! The profile Implicit OP: `id_token` and `id_token token`.

/// What the profile demands of both flows.
macro_rules! implicit {
    ($($flows:tt)+) => {
        $crate::conformance::tell! { $($flows)+; {
            sign_in::{
                a_person_signs_in,
                an_id_token_is_signed_with_rs256_unless_registered_otherwise,
                a_nonce_is_demanded_for_an_id_token_in_the_front_channel,
                the_order_of_parameters_and_scopes_means_nothing,
                display_page_is_no_error,
                display_popup_is_no_error,
                ui_locales_are_no_error,
                claims_locales_are_no_error,
                unknown_parameters_are_ignored,
                a_login_hint_stands_in_the_login_page,
                acr_values_are_answered_with_an_announced_one,
                an_unregistered_redirect_uri_is_answered_with_a_page,
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
            requests::{
                a_request_object_is_refused_as_unsupported,
                a_request_uri_is_refused_as_unsupported,
                a_request_object_redeems_no_bad_redirect_uri,
            },
        } }
    };
}
pub(super) use implicit;

/// What it demands of `id_token token` alone.
macro_rules! implicit_with_token {
    ($($flows:tt)+) => {
        $crate::conformance::tell! { $($flows)+; {
            sign_in::{
                a_request_without_response_type_is_refused,
                userinfo_answers_a_get,
                userinfo_answers_a_post_with_the_token_in_the_header,
                userinfo_answers_a_post_with_the_token_in_the_body,
            },
        } }
    };
}
pub(super) use implicit_with_token;

implicit!(id_token: Flow::of("id_token"), id_token_token: Flow::of("id_token token"));
implicit_with_token!(once: Flow::of("id_token token"));
