"""What is counted of campaigns: arrivals by link and hour, and coupons that were given. Nothing leads to a person."""

from sqlalchemy import Column, Integer, String, Table

from xr_server.storage.tables.stores import catalog_tables

# How often a short link was followed. The day and the hour are the site's own.
campaign_arrival = Table(
    "campaign_arrival",
    catalog_tables,
    Column("site_id", String(64), primary_key=True),
    Column("campaign_id", String(64), primary_key=True),
    Column("code", String(8), primary_key=True),
    Column("arrived_on", String(10), primary_key=True),
    Column("hour", Integer, primary_key=True),
    Column("count", Integer, nullable=False),
)

# How many coupons of a campaign were given, so that there are never more than were promised.
coupon_count = Table(
    "coupon_count",
    catalog_tables,
    Column("site_id", String(64), primary_key=True),
    Column("campaign_id", String(64), primary_key=True),
    Column("given", Integer, nullable=False),
)
