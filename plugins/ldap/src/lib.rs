//! People in a directory: the backend of type `ldap`.
