"""Why: where does the ranking come from?"""
