"""Answers to customers' security questionnaires: read in any layout, matched by stated rules, written back."""
