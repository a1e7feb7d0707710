"""Spreadsheets: tables, columns that mean what a saved mapping says, deals and market prices in rows."""
