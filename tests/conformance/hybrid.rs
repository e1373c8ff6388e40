//! The profile Hybrid OP: `code id_token`, `code token` and `code id_token token`.

/// What the profile demands of all three flows.
macro_rules! hybrid {
    ($($flows:tt)+) => {
        $crate::conformance::tell! { $($flows)+; {
            sign_in::{
                a_person_signs_in,
                an_id_token_is_signed_with_rs256_unless_registered_otherwise,
                userinfo_answers_a_get,
                userinfo_answers_a_post_with_the_token_in_the_header,
                userinfo_answers_a_post_with_the_token_in_the_body,
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
            codes::{
                a_code_is_redeemed_once,
                a_code_that_comes_again_takes_its_tokens_along,
                a_client_may_post_its_secret,
                a_refresh_token_serves_its_own_client_alone,
            },
            requests::{
                a_request_object_is_refused_as_unsupported,
                a_request_uri_is_refused_as_unsupported,
                a_request_object_redeems_no_bad_redirect_uri,
            },
        } }
    };
}
pub(super) use hybrid;

/// What it demands of a flow whose ID Token comes through the front channel.
macro_rules! hybrid_with_id_token {
    ($($flows:tt)+) => {
        $crate::conformance::tell! { $($flows)+; {
            sign_in::{
                a_nonce_is_demanded_for_an_id_token_in_the_front_channel,
            },
        } }
    };
}
pub(super) use hybrid_with_id_token;

/// What it demands of the other.
macro_rules! hybrid_without_id_token {
    ($($flows:tt)+) => {
        $crate::conformance::tell! { $($flows)+; {
            sign_in::{
                a_nonce_is_optional_without_an_id_token_in_the_front_channel,
            },
        } }
    };
}
pub(super) use hybrid_without_id_token;

/// What it demands of `code id_token` alone.
macro_rules! hybrid_once {
    ($($flows:tt)+) => {
        $crate::conformance::tell! { $($flows)+; {
            sign_in::{
                a_request_without_response_type_is_refused,
                the_order_of_parameters_and_scopes_means_nothing,
            },
            codes::{
                pkce_is_honoured_and_for_confidential_clients_optional,
            },
        } }
    };
}
pub(super) use hybrid_once;

hybrid!(
    code_id_token: Flow::of("code id_token"),
    code_token: Flow::of("code token"),
    code_id_token_token: Flow::of("code id_token token")
);
mod nonce {
    super::hybrid_with_id_token!(
        code_id_token: Flow::of("code id_token"),
        code_id_token_token: Flow::of("code id_token token")
    );
    super::hybrid_without_id_token!(code_token: Flow::of("code token"));
}
hybrid_once!(once: Flow::of("code id_token"));
