//! Parameters as OAuth reads them, documented as a typed struct (RFC 6749 §3.1, §3.2, appendix B).
//!
//! *Why* payloads of our own: those of the framework take the first of repeated parameters in silence, keep empty ones, and answer
//! errors in plain text. Here the document describes `T`, and the handler gets every pair as [`Parameters`].

use std::marker::PhantomData;

use poem::{FromRequest, Request, RequestBody, Result};
use poem_openapi::payload::{ParsePayload, Payload};
use poem_openapi::registry::{MetaMediaType, MetaParamIn, MetaRequest, MetaSchemaRef, Registry};
use poem_openapi::types::Type;
use poem_openapi::{
    ApiExtractor, ApiExtractorType, ExtractParamOptions, impl_apirequest_for_payload,
};

use crate::protocol::Parameters;

/// A body of `application/x-www-form-urlencoded`.
pub struct Form<T> {
    pub parameters: Parameters,
    documented_as: PhantomData<T>,
}

impl<T: Type> Payload for Form<T> {
    const CONTENT_TYPE: &'static str = "application/x-www-form-urlencoded";

    fn check_content_type(content_type: &str) -> bool {
        let essence = content_type.split(';').next().unwrap_or_default();
        essence.trim().eq_ignore_ascii_case(Self::CONTENT_TYPE)
    }

    fn schema_ref() -> MetaSchemaRef {
        T::schema_ref()
    }

    fn register(registry: &mut Registry) {
        T::register(registry);
    }
}

impl<T: Type> ParsePayload for Form<T> {
    const IS_REQUIRED: bool = true;

    async fn from_request(request: &Request, body: &mut RequestBody) -> Result<Self> {
        let body = <Vec<u8> as FromRequest>::from_request(request, body).await?;
        Ok(Self { parameters: Parameters::parse(&body), documented_as: PhantomData })
    }
}

impl_apirequest_for_payload!(Form<T>, T: Type);

/// The same body where it may be missing altogether.
pub struct OptionalForm<T> {
    pub parameters: Parameters,
    documented_as: PhantomData<T>,
}

impl<'a, T: Type> ApiExtractor<'a> for OptionalForm<T> {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::RequestObject];

    type ParamType = ();
    type ParamRawType = ();

    fn register(registry: &mut Registry) {
        T::register(registry);
    }

    fn request_meta() -> Option<MetaRequest> {
        let media_type =
            MetaMediaType { content_type: Form::<T>::CONTENT_TYPE, schema: T::schema_ref() };
        Some(MetaRequest { description: None, content: vec![media_type], required: false })
    }

    async fn from_request(
        request: &'a Request,
        body: &mut RequestBody,
        options: ExtractParamOptions<()>,
    ) -> Result<Self> {
        if request.content_type().is_none() {
            return Ok(Self { parameters: Parameters::default(), documented_as: PhantomData });
        }
        let form = <Form<T> as ApiExtractor<'a>>::from_request(request, body, options).await?;
        Ok(Self { parameters: form.parameters, documented_as: PhantomData })
    }
}

/// The query of the request. The document lists the fields of `T` as parameters of their own (`openapi.rs`).
pub struct Query<T> {
    pub parameters: Parameters,
    documented_as: PhantomData<T>,
}

impl<'a, T: Type> ApiExtractor<'a> for Query<T> {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::Parameter];

    type ParamType = ();
    type ParamRawType = ();

    fn register(registry: &mut Registry) {
        T::register(registry);
    }

    fn param_in() -> Option<MetaParamIn> {
        Some(MetaParamIn::Query)
    }

    fn param_schema_ref() -> Option<MetaSchemaRef> {
        Some(T::schema_ref())
    }

    async fn from_request(
        request: &'a Request,
        _: &mut RequestBody,
        _: ExtractParamOptions<()>,
    ) -> Result<Self> {
        let query = request.uri().query().unwrap_or_default();
        Ok(Self { parameters: Parameters::parse(query.as_bytes()), documented_as: PhantomData })
    }
}
