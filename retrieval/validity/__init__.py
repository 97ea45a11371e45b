"""Is a study's folder what it says it is? Checked once per build, before anything trusts it.

    verify(study, manifest)        SHA-256 of every listed file, then the structure of what is new or changed

Compiled loops read postings, tokens and contexts without looking, so an index out of range in a file would read or
write memory that is not theirs. What was found is remembered outside the study (verdicts.py), by each file's size
and times, so that a study which has not changed opens at once.
"""

from retrieval.validity.folder import Finding, damage, findings, verify

__all__ = ["Finding", "damage", "findings", "verify"]
