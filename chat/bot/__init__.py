"""The bot: a small tree of steps that an account wrote, walked by its visitors."""
