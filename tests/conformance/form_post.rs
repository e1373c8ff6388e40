//! The profiles Form Post OP: all flows again, answered by a form that sends itself.

mod basic {
    crate::conformance::basic::basic!(code: Flow::of("code").posted());
}

mod implicit {
    use crate::conformance::implicit::{implicit, implicit_with_token};

    implicit!(id_token: Flow::of("id_token").posted(), id_token_token: Flow::of("id_token token").posted());
    implicit_with_token!(once: Flow::of("id_token token").posted());
}

mod hybrid {
    use crate::conformance::hybrid::{
        hybrid, hybrid_once, hybrid_with_id_token, hybrid_without_id_token,
    };

    hybrid!(
        code_id_token: Flow::of("code id_token").posted(),
        code_token: Flow::of("code token").posted(),
        code_id_token_token: Flow::of("code id_token token").posted()
    );
    mod nonce {
        super::hybrid_with_id_token!(
            code_id_token: Flow::of("code id_token").posted(),
            code_id_token_token: Flow::of("code id_token token").posted()
        );
        super::hybrid_without_id_token!(code_token: Flow::of("code token").posted());
    }
    hybrid_once!(once: Flow::of("code id_token").posted());
}
