# What a user of Arctern's Spark API wrote in 2020; only the paths are this test's.
from pyspark.sql import SparkSession
from pyspark.sql.types import *
from arctern_pyspark import register_funcs
from arctern_pyspark import heatmap, pointmap, choroplethmap, weighted_pointmap, icon_viz, fishnetmap
from arctern_pyspark import union_aggr, envelope_aggr
from arctern.util import save_png
from arctern.util.vega import vega_heatmap, vega_pointmap, vega_choroplethmap, vega_weighted_pointmap, vega_icon, vega_fishnetmap

spark = SparkSession.builder.appName("Arctern-PySpark example").getOrCreate()
spark.conf.set("spark.sql.execution.arrow.pyspark.enabled", "true")
register_funcs(spark)

df = spark.read.format("csv").option("header", True).option("delimiter", ",").schema("VendorID string, tpep_pickup_datetime string, tpep_dropoff_datetime string, passenger_count long, trip_distance double, pickup_longitude double, pickup_latitude double, dropoff_longitude double, dropoff_latitude double, fare_amount double, tip_amount double, total_amount double, buildingid_pickup long, buildingid_dropoff long, buildingtext_pickup string, buildingtext_dropoff string").load(TRIPS).cache()
df.createOrReplaceTempView("nyc_taxi")

box = [-73.998427, 40.730309, -73.954348, 40.780816]
manhattan = "POLYGON ((-73.998427 40.730309, -73.954348 40.730309, -73.954348 40.780816, -73.998427 40.780816, -73.998427 40.730309))"

# pointmap
res = spark.sql(f"select ST_Point(pickup_longitude, pickup_latitude) as point from nyc_taxi where ST_Within(ST_Point(pickup_longitude, pickup_latitude), '{manhattan}')")
vega = vega_pointmap(1024, 896, bounding_box=box, point_size=10, point_color="#2DEF4A", opacity=0.5, coordinate_system="EPSG:4326")
save_png(pointmap(vega, res), 'pointmap.png')

# weighted pointmap: one colour and size; a gradient; sizes; both
vega = vega_weighted_pointmap(1024, 896, box, color_gradient=["#115f9a", "#d0f400"], color_bound=[1, 50], size_bound=[3, 15], opacity=1.0, coordinate_system="EPSG:4326")
res = spark.sql(f"select ST_Point(pickup_longitude, pickup_latitude) as point, tip_amount as c, fare_amount as s from nyc_taxi where ST_Within(ST_Point(pickup_longitude, pickup_latitude), ST_GeomFromText('{manhattan}'))")
save_png(weighted_pointmap(vega, res), 'weighted_pointmap.png')

# heatmap
res = spark.sql(f"select ST_Point(pickup_longitude, pickup_latitude) as point, passenger_count as w from nyc_taxi where ST_Within(ST_Point(pickup_longitude, pickup_latitude), '{manhattan}')")
vega = vega_heatmap(1024, 896, bounding_box=box, map_zoom_level=13.0, coordinate_system='EPSG:4326')
save_png(heatmap(vega, res), 'heatmap.png')

# choropleth map
res = spark.sql("select ST_GeomFromText(buildingtext_dropoff) as wkt, passenger_count as w from nyc_taxi where (buildingtext_dropoff!='')")
vega = vega_choroplethmap(1922, 1663, bounding_box=[-73.994092, 40.753893, -73.977588, 40.759642], color_gradient=["#115f9a", "#d0f400"], color_bound=[2.5, 5], opacity=1.0, coordinate_system='EPSG:4326', aggregation_type="sum")
save_png(choroplethmap(vega, res), 'choroplethmap.png')
buildings = res

# icon viz
res = spark.sql(f"select ST_Point(pickup_longitude, pickup_latitude) as point from nyc_taxi where ST_Within(ST_Point(pickup_longitude, pickup_latitude), '{manhattan}') limit 25")
vega = vega_icon(1024, 896, bounding_box=box, icon_path=ICON, coordinate_system="EPSG:4326")
save_png(icon_viz(vega, res), 'icon_viz.png')

# fishnet map
res = spark.sql(f"select ST_Point(pickup_longitude, pickup_latitude) as point, passenger_count as w from nyc_taxi where ST_Within(ST_Point(pickup_longitude, pickup_latitude), '{manhattan}')")
vega = vega_fishnetmap(1024, 896, bounding_box=box, cell_size=8, cell_spacing=1, opacity=1.0, coordinate_system="EPSG:4326")
save_png(fishnetmap(vega, res), 'fishnetmap.png')

union = union_aggr(buildings, "wkt")
envelope = envelope_aggr(buildings, "wkt")
