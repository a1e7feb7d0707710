"""Installments: built from a total and a pattern, edited without losing money, pasted from a spreadsheet."""
