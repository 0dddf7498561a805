"""Answers to students' questions, made of materials that exist."""
