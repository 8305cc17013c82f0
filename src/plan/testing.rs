//! Surveys for tests.
