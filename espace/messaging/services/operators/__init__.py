"""Whom the gateway trusts: lists that one person proposes and another confirms."""
