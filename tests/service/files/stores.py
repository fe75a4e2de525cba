"""What tests of a storage for S3 share."""

from __future__ import annotations

from service.files.signing import Signer

SIGNER = Signer(key_id="AKIAIOSFODNN7EXAMPLE", secret="not/a+secret", region="eu-test-1")
