"""Counties and service companies: closed lists against which header text is checked.

In: text as printed. Out: the listed name, or None. Counties are listed for the states with large public
archives of scans, in the order of their codes, so that an API number says which county it means.
Does not belong here: states (`api_number`), where text stands on a page.
"""

from __future__ import annotations

import difflib
import re

from veernet_core.domain.api_number import ApiNumber

_COUNTIES: dict[str, str] = {
    "West Virginia": "Barbour Berkeley Boone Braxton Brooke Cabell Calhoun Clay Doddridge Fayette"
    " Gilmer Grant"
    " Greenbrier Hampshire Hancock Hardy Harrison Jackson Jefferson Kanawha Lewis Lincoln Logan"
    " McDowell"
    " Marion Marshall Mason Mercer Mineral Mingo Monongalia Monroe Morgan Nicholas Ohio Pendleton"
    " Pleasants Pocahontas Preston Putnam Raleigh Randolph Ritchie Roane Summers Taylor Tucker"
    " Tyler"
    " Upshur Wayne Webster Wetzel Wirt Wood Wyoming",
    "New Mexico": "Bernalillo Catron Chaves Colfax Curry De_Baca Dona_Ana Eddy Grant Guadalupe"
    " Harding Hidalgo Lea"
    " Lincoln Los_Alamos Luna McKinley Mora Otero Quay Rio_Arriba Roosevelt Sandoval San_Juan"
    " San_Miguel"
    " Santa_Fe Sierra Socorro Taos Torrance Union Valencia",
    "North Dakota": "Adams Barnes Benson Billings Bottineau Bowman Burke Burleigh Cass Cavalier"
    " Dickey Divide Dunn Eddy"
    " Emmons Foster Golden_Valley Grand_Forks Grant Griggs Hettinger Kidder LaMoure Logan McHenry"
    " McIntosh McKenzie McLean Mercer Morton Mountrail Nelson Oliver Pembina Pierce Ramsey Ransom"
    " Renville Richland Rolette Sargent Sheridan Sioux Slope Stark Steele Stutsman Towner Traill"
    " Walsh"
    " Ward Wells Williams",
    "Kansas": "Allen Anderson Atchison Barber Barton Bourbon Brown Butler Chase Chautauqua"
    " Cherokee Cheyenne"
    " Clark Clay Cloud Coffey Comanche Cowley Crawford Decatur Dickinson Doniphan Douglas Edwards"
    " Elk"
    " Ellis Ellsworth Finney Ford Franklin Geary Gove Graham Grant Gray Greeley Greenwood Hamilton"
    " Harper Harvey Haskell Hodgeman Jackson Jefferson Jewell Johnson Kearny Kingman Kiowa"
    " Labette Lane"
    " Leavenworth Lincoln Linn Logan Lyon McPherson Marion Marshall Meade Miami Mitchell Montgomery"
    " Morris Morton Nemaha Neosho Ness Norton Osage Osborne Ottawa Pawnee Phillips Pottawatomie"
    " Pratt"
    " Rawlins Reno Republic Rice Riley Rooks Rush Russell Saline Scott Sedgwick Seward Shawnee"
    " Sheridan"
    " Sherman Smith Stafford Stanton Stevens Sumner Thomas Trego Wabaunsee Wallace Washington"
    " Wichita"
    " Wilson Woodson Wyandotte",
    "Oklahoma": "Adair Alfalfa Atoka Beaver Beckham Blaine Bryan Caddo Canadian Carter Cherokee"
    " Choctaw"
    " Cimarron Cleveland Coal Comanche Cotton Craig Creek Custer Delaware Dewey Ellis Garfield"
    " Garvin Grady Grant"
    " Greer Harmon Harper Haskell Hughes Jackson Jefferson Johnston Kay Kingfisher Kiowa Latimer"
    " Le_Flore Lincoln Logan Love McClain McCurtain McIntosh Major Marshall Mayes Murray Muskogee"
    " Noble"
    " Nowata Okfuskee Oklahoma Okmulgee Osage Ottawa Pawnee Payne Pittsburg Pontotoc Pottawatomie"
    " Pushmataha Roger_Mills Rogers Seminole Sequoyah Stephens Texas Tillman Tulsa Wagoner"
    " Washington"
    " Washita Woods Woodward",
    "Texas": "Anderson Andrews Angelina Aransas Archer Armstrong Atascosa Austin Bailey Bandera"
    " Bastrop Baylor"
    " Bee Bell Bexar Blanco Borden Bosque Bowie Brazoria Brazos Brewster Briscoe Brooks Brown"
    " Burleson"
    " Burnet Caldwell Calhoun Callahan Cameron Camp Carson Cass Castro Chambers Cherokee"
    " Childress Clay"
    " Cochran Coke Coleman Collin Collingsworth Colorado Comal Comanche Concho Cooke Coryell Cottle"
    " Crane Crockett Crosby Culberson Dallam Dallas Dawson Deaf_Smith Delta Denton DeWitt Dickens"
    " Dimmit"
    " Donley Duval Eastland Ector Edwards Ellis El_Paso Erath Falls Fannin Fayette Fisher Floyd"
    " Foard"
    " Fort_Bend Franklin Freestone Frio Gaines Galveston Garza Gillespie Glasscock Goliad"
    " Gonzales Gray"
    " Grayson Gregg Grimes Guadalupe Hale Hall Hamilton Hansford Hardeman Hardin Harris Harrison"
    " Hartley"
    " Haskell Hays Hemphill Henderson Hidalgo Hill Hockley Hood Hopkins Houston Howard Hudspeth"
    " Hunt"
    " Hutchinson Irion Jack Jackson Jasper Jeff_Davis Jefferson Jim_Hogg Jim_Wells Johnson Jones"
    " Karnes"
    " Kaufman Kendall Kenedy Kent Kerr Kimble King Kinney Kleberg Knox Lamar Lamb Lampasas La_Salle"
    " Lavaca Lee Leon Liberty Limestone Lipscomb Live_Oak Llano Loving Lubbock Lynn McCulloch"
    " McLennan"
    " McMullen Madison Marion Martin Mason Matagorda Maverick Medina Menard Midland Milam Mills"
    " Mitchell"
    " Montague Montgomery Moore Morris Motley Nacogdoches Navarro Newton Nolan Nueces Ochiltree"
    " Oldham"
    " Orange Palo_Pinto Panola Parker Parmer Pecos Polk Potter Presidio Rains Randall Reagan Real"
    " Red_River Reeves Refugio Roberts Robertson Rockwall Runnels Rusk Sabine San_Augustine"
    " San_Jacinto"
    " San_Patricio San_Saba Schleicher Scurry Shackelford Shelby Sherman Smith Somervell Starr"
    " Stephens"
    " Sterling Stonewall Sutton Swisher Tarrant Taylor Terrell Terry Throckmorton Titus Tom_Green"
    " Travis"
    " Trinity Tyler Upshur Upton Uvalde Val_Verde Van_Zandt Victoria Walker Waller Ward"
    " Washington Webb"
    " Wharton Wheeler Wichita Wilbarger Willacy Williamson Wilson Winkler Wise Wood Yoakum Young"
    " Zapata"
    " Zavala",
}
COUNTIES: dict[str, tuple[str, ...]] = {
    state: tuple(name.replace("_", " ") for name in names.split())
    for state, names in _COUNTIES.items()
}
"""Counties by state, in the order of their API codes (001, 003, 005, ...)."""

SERVICE_COMPANIES: tuple[str, ...] = (
    "Schlumberger Well Surveying Corporation",
    "Schlumberger",
    "Birdwell",
    "Welex",
    "Dresser Atlas",
    "Lane-Wells",
    "Halliburton",
    "Baker Hughes",
    "Baker Atlas",
    "Western Atlas",
    "McCullough",
    "Gearhart-Owen",
    "Gearhart",
    "GO Wireline",
    "Perforating Guns Atlas",
    "PGAC",
    "Computalog",
    "Weatherford",
    "PathFinder",
    "Allegheny Nuclear Surveys",
    "Basin Surveys",
    "Appalachian Well Surveys",
    "Superior Well Services",
    "Log-Tech",
    "ELI Wireline",
    "Tucker Wireline",
    "Reeves Wireline",
    "Sperry-Sun",
    "Great Guns",
    "Electra",
)
_SIMILAR = 0.88


def county_name(text: str, state: str = "") -> str | None:
    """The listed county a text names, exactly but for case and blanks; of one state where it is"
    " given.
    """
    wanted = letters_and_digits(re.sub(r"\bCOUNTY\b|\bCO\b\.?$", "", text.upper()))
    lists = [COUNTIES.get(state, ())] if state else list(COUNTIES.values())
    return next(
        (name for names in lists for name in names if letters_and_digits(name) == wanted), None
    )


def county_of_api(api: ApiNumber) -> str | None:
    """County of an API number, where the state's counties are listed.

    Codes are odd numbers in alphabetical order; counties founded later have codes that break the order
    (New Mexico) and are not listed.
    """
    names = COUNTIES.get(api.state_name)
    code = int(api.county)
    if names is None or code % 2 == 0 or (code - 1) // 2 >= len(names):
        return None
    return names[(code - 1) // 2]


def service_company(text: str) -> tuple[str, float] | None:
    """The service company a text names, and how alike the spelling is (1: exactly)."""
    plain = letters_and_digits(text)
    alike = [
        (difflib.SequenceMatcher(None, plain, letters_and_digits(c)).ratio(), c)
        for c in SERVICE_COMPANIES
    ]
    best, company = max(alike)
    for short in SERVICE_COMPANIES:  # a longer name that is cut off still holds the shorter one
        if letters_and_digits(short) in plain and len(letters_and_digits(short)) >= 5:
            return company if best >= _SIMILAR and letters_and_digits(short) in letters_and_digits(
                company
            ) else short, 1.0
    return (company, best) if best >= _SIMILAR and len(plain) >= 7 else None


def letters_and_digits(text: str) -> str:
    """Capitals and digits only, for comparing what was printed or read in different ways."""
    return re.sub(r"[^A-Z0-9]", "", text.upper())
