"""More tools as people really define them."""

from __future__ import annotations

from typing import Final

from training.conversations.draw import Draw
from training.conversations.json_text import clock, email, person_name
from training.conversations.tool_families import Family, Slot, a_number, a_task, code, day, phrase


def file_path(draw: Draw) -> str:
    folder = draw.any(("", "", f"{draw.word()}/", f"/{draw.word()}/", f"/{draw.word()}/{draw.word()}/"))
    return f"{folder}{draw.word()}.{draw.any(('txt', 'md', 'csv', 'json', 'log', 'py', 'html'))}"


def _command(draw: Draw) -> str:
    program = draw.pick(
        ("ls", "cat", "rm", "cp", "mkdir", "echo", "git", "touch", "grep", "make", "curl", "head", "sort")
    )
    return " ".join((program, *(draw.any((draw.word(), file_path(draw), f"-{draw.any('abflnr')}")) for _ in range(2))))


def _sql(draw: Draw) -> str:
    what = draw.any(("*", draw.word(), "count(*)"))
    return " ".join(("SELECT", what, "FROM", draw.word())) + draw.any(
        ("", "", f" WHERE id = {draw.number(1, 999)}", f" LIMIT {draw.number(1, 99)}")
    )


def _restaurant(draw: Draw) -> str:
    return draw.any(
        (f"{draw.first_name()}'s", draw.made_up_name(), f"The {draw.word().capitalize()}", draw.made_up_name())
    )


def _door(draw: Draw) -> str:
    return f"{draw.pick(('front', 'back', 'side', 'garage', 'garden', 'cellar', 'main', 'kitchen', 'office'))} door"


def _place(draw: Draw) -> str:
    return draw.any(
        (f"{draw.made_up_name()} Street", "the airport", "the station", draw.city(), f"{draw.word()} square")
    )


def _unit(draw: Draw) -> str:
    return draw.pick(("km", "miles", "metres", "feet", "inches", "kg", "pounds", "grams", "litres", "gallons",
    "celsius",
                      "fahrenheit", "hours", "minutes", "days", "weeks", "cm", "yards", "ounces"))  # fmt: skip


def _cuisine(draw: Draw) -> str:
    return draw.pick(("Italian", "Chinese", "Indian", "Thai", "Mexican", "Greek", "French", "Turkish", "Korean",
    "Spanish",
                      "vegan", "Japanese", "Lebanese", "Peruvian", "Ethiopian", "Polish"))  # fmt: skip


def _flight(draw: Draw) -> str:
    return f"{draw.any('ABDEFKLNSTUX')}{draw.any('ABCFHKLRS')}{draw.number(10, 9999)}"


_MONEY: Final = ("How much.", "The amount.", "Amount of money.", "The total amount", "Sum of money, e.g. 42.50")

MORE: Final[dict[str, Family]] = {
    "table": Family(
        "book_table reserve_table bookTable table_reservation restaurant_booking make_reservation reserve_restaurant "
        "make_restaurant_reservation",
        ("Book a table in a restaurant.", "Reserve a table.", "Restaurant reservation",
         "Make a reservation at a restaurant", "Books a table for a party at the specified restaurant and time.",
         "Use this when the user wants to go out to eat and names the restaurant."),
        (Slot("restaurant", "restaurant restaurant name place restaurant_name", ("Name of the restaurant.",
              "The name of the restaurant to book", "Where the table should be"), _restaurant),
         Slot("people", "people people guests party_size seats num_guests number_of_people", ("How many guests.",
              "Number of people.", "The number of people in the party", "Size of the party"),
              lambda draw: draw.number(2, 20), "integer"),
         Slot("time", "time time at when reservation_time", ("The time.", "The time of the reservation",
              "Time of arrival, e.g. 19:30"), clock)),
        "table restaurant dinner eat reserve book", "status:state id:id"),
    "restaurant": Family(
        "find_restaurant search_restaurants findRestaurant restaurants restaurant_search find_restaurants "
        "restaurant_finder",
        ("Find a restaurant.", "Find restaurants in a city by cuisine.", "Search for places to eat.",
         "Search for restaurants by cuisine and location",
         "Finds places to eat in a city that serve the given type of food.",
         "Use this to recommend a restaurant to the user."),
        (Slot("cuisine", "cuisine cuisine food type cuisine_type", ("Kind of food.",
              "The type of cuisine, e.g. Italian", "What kind of food the user wants"), _cuisine),
         Slot("city", "city city location place location", ("The city.", "Where.", "The city to search in",
              "City name, e.g. Berlin"), many=True)),
        "restaurant restaurants dinner eat food hungry", "name:name city:city"),
    "taxi": Family(
        "call_taxi order_taxi callTaxi book_ride get_cab taxi request_ride book_taxi request_taxi",
        ("Call a taxi.", "Order a cab.", "Book a ride from one place to another.", "Request a taxi to a destination",
         "Books a ride from the pickup location to the drop-off location.", "Use this when the user needs a cab."),
        (Slot("from", "from pickup start origin pickup_location", ("Where to pick up.", "The pickup location",
              "Address or place where the ride starts"), _place),
         Slot("to", "to destination dropoff target dropoff_location", ("Where to go.", "The drop-off location",
              "Address or place where the ride ends"), _place)),
        "taxi cab ride drive", "driver:first minutes:int"),
    "transfer": Family(
        "transfer_money send_money sendMoney transfer make_payment pay wire_money transfer_funds sendPayment",
        ("Send money to somebody.", "Transfer money.", "Make a payment to a person.",
         "Transfer money to another person", "Sends the given amount from the user's account to the recipient.",
         "Use this when the user wants to pay somebody."),
        (Slot("amount", "amount amount sum value payment_amount", _MONEY, a_number, "number"),
         Slot("to", "to recipient receiver name account recipient_name payee", ("Who gets it.", "The recipient.",
              "The name of the person who receives the money", "Recipient of the transfer"), Draw.first_name,
              many=True)),
        "money pay send payment transfer", "status:state id:id"),
    "task": Family(
        "add_task create_task addTodo add_todo todo new_task todo_add create_todo addTask",
        ("Add a task to the to-do list.", "Create a task.", "New to-do item",
         "Add a new item to the user's to-do list", "Creates a task with a title and an optional priority.",
         "Use this when the user has something to do and wants it on the list."),
        (Slot("task", "task title text name task_name", ("The task.", "What to do.", "The title of the task",
              "Description of what has to be done"), a_task),
         Slot("priority", "priority priority level task_priority", ("How urgent.", "The priority of the task",
              "How important the task is"), kind="enum:low,medium,high", optional=True)),
        "task todo list", "id:id status:state"),
    "volume": Family(
        "set_volume volume setVolume change_volume sound_level adjust_volume setVolumeLevel set_volume_level",
        ("Set the volume.", "Change the loudness.", "Volume of the speaker in percent",
         "Set the volume of the speaker to a specific level", "Adjusts the audio volume to the given percentage.",
         "Use this when the user wants the sound louder or quieter."),
        (Slot("level", "level level volume percent value volume_level", ("From 0 to 100.", "The volume.",
              "The volume level, between 0 and 100", "Volume in percent"), lambda draw: draw.number(0, 100),
              "integer"),),
        "volume loud sound quiet", "level:int"),
    "door": Family(
        "lock_door lockDoor door_lock lock close_door secure_door lock_the_door smart_lock",
        ("Lock a door.", "Locks the given door.", "Lock one of the doors.", "Lock the specified door of the house",
         "Locks a smart door lock.", "Use this when the user wants a door to be locked."),
        (Slot("door", "door door name which door_name", ("The door.", "Which door.",
              "The door to lock, e.g. front door", "Name of the door"), _door, many=True),),
        "door lock close", "door:word status:state"),
    "file_read": Family(
        "read_file readFile open_file cat_file get_file file_read load_file read_file_contents view_file",
        ("Read a file.", "Show the content of a file.", "Returns the text of a file",
         "Read the contents of a file at the given path", "Reads a file from disk and returns its text.",
         "Use this tool to look at what a file contains. Takes a path."),
        (Slot("path", "path path file filename file_path filepath", ("Path of the file.", "The file.",
              "The path of the file to read", "Path to the file, absolute or relative"), file_path, many=True),),
        "file files read open", "text:phrase size:int"),
    "file_write": Family(
        "write_file writeFile save_file create_file file_write store_text write_to_file create_new_file",
        ("Write text to a file.", "Save a file.", "Creates a file with a content",
         "Write content to a file at the specified path", "Creates a file or overwrites it with the given content.",
         "Use this tool to save text to disk. Takes a path and the text to write."),
        (Slot("path", "path path file filename file_path filepath", ("Path of the file.", "The file.",
              "The path of the file to write to", "Where to save the file"), file_path),
         Slot("text", "content text data body file_content", ("What to write.", "The content.",
              "The content to write to the file", "Full text of the file"), phrase)),
        "file files write save", "status:state size:int"),
    "file_delete": Family(
        "delete_file deleteFile remove_file erase_file file_delete rm deleteFileAtPath unlink_file",
        ("Delete a file.", "Removes a file", "Erase a file for good.", "Delete the file at the specified path",
         "Permanently removes a file from the disk.", "Use this tool to get rid of a file. This cannot be undone."),
        (Slot("path", "path path file filename file_path filepath", ("Path of the file.", "The file.",
              "The path of the file to delete", "Path to the file that is to be removed"), file_path, many=True),),
        "file files delete remove", "status:state"),
    "run": Family(
        "run_command execute shell runCommand exec terminal bash run_shell execute_command run_terminal_command",
        ("Run a shell command.", "Execute a command.", "Runs something in the terminal",
         "Execute a shell command and return its output", "Runs the given command in a bash shell.",
         "Use this tool to run something on the command line."),
        (Slot("command", "command command cmd line shell_command", ("The command.", "What to run.",
              "The shell command to execute", "Command line, e.g. ls -la"), _command, wordy=True),),
        "run execute command shell terminal", "output:phrase code:int"),
    "signup": Family(
        "create_user register_user createUser add_user sign_up new_user create_account registerUser "
        "create_user_account",
        ("Create a user.", "Register a new user.", "New account with name and email", "Create a new user account",
         "Registers a user with a name and an email address.", "Use this when somebody wants to sign up."),
        (Slot("name", "name name username full_name user_name", ("Name of the user.",
              "The full name of the new user", "Name to register"), person_name),
         Slot("email", "email email mail address email_address", ("Email address.",
              "The email address of the user", "Email, e.g. jane@example.com"), email)),
        "user account register sign create", "id:id status:state"),
    "cancel": Family(
        "cancel_order cancelOrder order_cancel stop_order cancel_customer_order cancel_purchase",
        ("Cancel an order.", "Stop an order by its number.", "Cancels an order", "Cancel an existing order",
         "Cancels the order with the given ID.", "Use this when a customer no longer wants what they ordered."),
        (Slot("order", "order_id order_id order id number order_number", ("Number of the order.", "The order ID.",
              "The unique identifier of the order to cancel", "ID of the order"), code, many=True),),
        "order cancel", "order:code status:state"),
    "refund": Family(
        "refund_order refund refundOrder give_refund request_refund issue_refund process_refund",
        ("Refund an order.", "Give money back for an order.", "Pay back an order", "Issue a refund for an order",
         "Processes a refund for the given order and notes the reason.",
         "Use this when a customer wants their money back."),
        (Slot("order", "order_id order_id order id number order_number", ("Number of the order.", "The order ID.",
              "The ID of the order to refund", "Order that the money is for"), code),
         Slot("reason", "reason reason why comment refund_reason", ("Why.", "The reason.",
              "The reason for the refund", "Why the customer wants a refund"), phrase, optional=True)),
        "order refund money", "order:code status:state"),
    "dice": Family(
        "roll_dice dice rollDice throw_dice roll_many roll_the_dice diceRoller",
        ("Roll dice.", "Throw some dice.", "Rolls dice with any number of sides", "Roll one or more dice",
         "Rolls the given number of dice and returns the total.",
         "Use this when the user wants dice thrown for a game."),
        (Slot("count", "count number n dice num_dice number_of_dice", ("How many dice.",
              "The number of dice to roll", "How many dice to throw"), lambda draw: draw.number(2, 12), "integer"),
         Slot("sides", "sides sides faces num_sides", ("Sides of each.", "The number of sides on each die",
              "Sides per die, e.g. 6 or 20"), lambda draw: draw.any((4, 6, 8, 10, 12, 20, 100)), "integer")),
        "roll dice throw random number pick", "total:int"),
    "units": Family(
        "convert_units unit_converter convertUnits convert unit_conversion convert_measurement unit_convert",
        ("Convert a value to another unit.", "Unit converter", "Converts units.",
         "Convert a value from one unit of measurement to another",
         "Converts between units, such as length, weight or temperature.",
         "Use this when the user gives a measurement and wants it in another unit."),
        (Slot("value", "value value amount number number_to_convert", ("The number.",
              "The numeric value to convert", "Value in the original unit"), a_number, "number"),
         Slot("from", "from from_unit source unit source_unit", ("Unit to convert from.",
              "The unit to convert from, e.g. km", "Original unit"), _unit),
         Slot("to", "to to_unit target target_unit to_units", ("Unit to convert to.",
              "The unit to convert to, e.g. miles", "Desired unit"), _unit)),
        "convert unit units many much", "value:float unit:unit"),
    "tip": Family(
        "calculate_tip tip tipCalculator get_tip tip_amount tip_calculator compute_tip",
        ("Calculate a tip.", "Tip for a bill", "How much to tip.", "Calculate the tip for a restaurant bill",
         "Computes how much to tip from the bill and a percentage.",
         "Use this when the user wants to know what tip to leave."),
        (Slot("amount", "amount bill total sum bill_amount", _MONEY, a_number, "number"),
         Slot("percent", "percent percent percentage rate tip_percentage", ("Percent of the bill.",
              "The tip percentage", "Percentage of the bill to leave as a tip"), lambda draw: draw.number(5, 30),
              "integer")),
        "tip bill calculate percent", "tip:float"),
    "population": Family(
        "get_population population population_of getPopulation count_inhabitants get_population_data lookup_population",
        ("Population of a place.", "How many people live somewhere.", "Number of inhabitants",
         "Get the population of a city or country", "Returns the number of people who live in the given place.",
         "Use this when the user asks how many inhabitants a place has."),
        (Slot("place", "place city country location name place_name", ("The place.", "Where.",
              "The name of the city or country", "City or country, e.g. Norway"),
              lambda draw: draw.pool("countries") if draw.chance(0.3) else draw.city(), many=True),),
        "population people inhabitants live country city capital", "population:int year:int"),
    "movie": Family(
        "find_movies search_movies movies findMovies movie_search films get_movies_by_director list_movies",
        ("Find movies by a director.", "Films of a director", "Search for movies.",
         "Search for movies by their director", "Returns films that were directed by the given person.",
         "Use this when the user asks what somebody has directed."),
        (Slot("director", "director director name by director_name", ("Who directed it.",
              "The name of the director", "Full name of the film director"), person_name, many=True),),
        "movie movies film films director watch", "title:phrase year:int"),
    "meeting": Family(
        "schedule_meeting set_meeting scheduleMeeting plan_meeting book_meeting arrange_meeting create_meeting "
        "setup_meeting",
        ("Schedule a meeting with a person.", "Arrange a meeting.", "Plan a meeting with somebody.",
         "Schedule a meeting with someone at a given date and time", "Sets up a meeting with the attendee.",
         "Use this when the user wants to meet with a person."),
        (Slot("person", "person with attendee name participant attendee_name", ("Whom to meet.",
              "The name of the person to meet with", "Attendee of the meeting"), person_name),
         Slot("date", "date date day meeting_date", ("The day.", "The date of the meeting, in any format",
              "Day on which to meet"), day),
         Slot("time", "time time at start start_time", ("The time.", "The time of the meeting",
              "When the meeting starts, e.g. 10:00"), clock)),
        "meeting meet schedule calendar appointment", "status:state id:id"),
    "sql": Family(
        "run_query query_database sql runQuery execute_sql db_query execute_query executeSql",
        ("Run a SQL query.", "Query the database.", "Executes SQL", "Execute a SQL query against the database",
         "Runs the given SQL statement and returns the rows.",
         "Use this tool to get data out of the database. The query has to be complete SQL."),
        (Slot("sql", "query sql statement sql_query", ("The SQL.", "The query.", "The SQL query to execute",
              "A complete SELECT statement"), _sql, wordy=True),),
        "sql query database", "rows:int name:first"),
    "plane": Family(
        "flight_status get_flight_status flightStatus track_flight check_flight flight_tracker get_flight_info",
        ("Status of a flight.", "Check whether a flight is on time.", "Get the state of a flight by number.",
         "Get the live status of a flight", "Retrieves arrival and delay information for a flight by its number.",
         "Use this when the user asks whether a flight is late or has landed."),
        (Slot("flight", "flight flight_number number flightNumber flight_id", ("Flight number.",
              "The flight number, e.g. BA117", "Number of the flight, airline code and digits"), _flight, many=True),),
        "flight plane time delayed land", "flight:code status:state gate:code"),
    "flight": Family(
        "book_flight flight bookFlight find_flight flight_booking search_flights reserve_flight flight_search "
        "searchFlights",
        ("Book a flight.", "Book a plane ticket.", "Find a flight between two cities.", "Flight booking",
         "Search for flights between two cities on a given date",
         "Finds and books a flight from the departure city to the destination.",
         "Use this when the user wants to fly somewhere. Takes origin, destination and travel date."),
        (Slot("from", "from from origin departure from_city departure_city origin_city", ("Where it starts.",
              "City of departure.", "The city of departure", "City the flight leaves from, e.g. London")),
         Slot("to", "to to destination arrival to_city destination_city arrival_city", ("Where it goes.",
              "City of arrival.", "The destination city", "City to fly to, e.g. Rome"), many=True),
         Slot("date", "date date day when departure_date travel_date", ("Day of the flight.", "The date.",
              "The date of travel", "Departure date, in any format"), day)),
        "flight fly plane ticket book travel trip", "flight:code price:int seat:code"),
    "cart": Family(
        "add_to_cart cart_add addToCart add_item put_in_cart basket_add add_item_to_cart add_product",
        ("Add a product to the cart.", "Put something in the shopping cart.", "Adds an item to the basket.",
         "Add an item to the user's shopping cart", "Adds the given quantity of a product to the cart.",
         "Use this when a customer wants to buy something."),
        (Slot("product", "product product item article name product_name item_name", ("The product.",
              "What to buy.", "The name of the product to add", "Item to put in the cart"),
              lambda draw: draw.pool("fruits") if draw.chance(0.5) else draw.made_up_word()),
         Slot("quantity", "quantity quantity count amount number qty", ("How many.", "The quantity.",
              "The quantity of the product to add", "Number of units"), lambda draw: draw.number(2, 60), "integer")),
        "cart basket buy shop shopping order add", "total:float items:int"),
    "order": Family(
        "get_order_status order_status track_order getOrderStatus check_order order_lookup track_package "
        "fetch_order_status",
        ("Get the status of an order.", "Track an order.", "Order status by number", "Where an order is.",
         "Get the current status of a customer's order",
         "Retrieves shipping and delivery information for an order by its ID.",
         "Use this when a customer asks where their package is. Needs the order ID."),
        (Slot("order", "order_id order_id order id number orderId order_number", ("Number of the order.",
              "The order ID.", "The unique identifier of the order", "Order number given by the customer"), code,
              many=True),),
        "order shipped status arrive delivery package track", "order:code status:state"),
    "user": Family(
        "lookup_user get_user find_user getUser user_details fetch_user user_lookup get_user_info fetchUser",
        ("Look up a user.", "Get the details of a user.", "Find a user.", "User record",
         "Retrieve information about a user", "Fetches the details of the user with the given ID or name.",
         "Use this to find out who a user is."),
        (Slot("user", "user_id user_id user name username id userId", ("The user.", "Name or ID of the user.",
              "The unique identifier or name of the user", "Which user to look up"),
              lambda draw: code(draw) if draw.chance(0.5) else draw.first_name(), many=True),),
        "user account profile customer", "name:name city:city active:bool"),
    "note": Family(
        "create_note add_note note createNote save_note take_note write_note make_note new_note",
        ("Create a note.", "Save a note.", "Writes a note down.", "New note with a text",
         "Create a new note with the given text", "Saves a note for the user.",
         "Use this when the user wants to write something down for later."),
        (Slot("text", "text text content note body note_text", ("Text of the note.", "What to write.",
              "The text content of the note", "What the note should say"), phrase),),
        "note write save", "id:id status:state"),
    "distance": Family(
        "calculate_distance distance get_distance getDistance distance_between how_far route_length "
        "getDistanceBetween get_travel_distance",
        ("Distance between two cities.", "Calculate how far two places are apart.", "Get the distance of two places.",
         "Calculate the distance between two locations", "Returns how far the destination is from the starting point.",
         "Use this when the user asks how far it is from one place to another."),
        (Slot("from", "from from origin start city_a start_location", ("Where it starts.", "First city.",
              "The starting location", "City to measure from")),
         Slot("to", "to to destination end city_b end_location", ("Where it ends.", "Second city.",
              "The destination", "City to measure to"), many=True)),
        "distance far kilometres miles away long", "distance:int unit:unit"),
    "recipe": Family(
        "find_recipe recipe get_recipe search_recipes getRecipe recipe_lookup searchRecipe get_recipe_by_name",
        ("Find a recipe.", "Recipe for a dish", "Search recipes by dish.", "How to cook a dish",
         "Search for a recipe by the name of the dish",
         "Finds a recipe with ingredients and instructions for the given dish.",
         "Use this when the user wants to know how to cook something."),
        (Slot("dish", "dish dish name food meal dish_name recipe_name", ("The dish.", "What to cook.",
              "The name of the dish to find a recipe for", "Dish, e.g. tomato soup"),
              lambda draw: draw.pool("desserts") if draw.chance(0.5) else draw.pool("vegetables") + " soup",
              many=True),),
        "recipe cook dish food meal bake dinner eat", "title:phrase minutes:int"),
    "contact": Family(
        "add_contact save_contact create_contact addContact new_contact store_contact createContact add_new_contact",
        ("Save a contact.", "Add a person to the contacts.", "New entry in the phone book",
         "Create a new contact with a name and a phone number", "Adds a person to the user's address book.",
         "Use this when the user wants to store somebody's phone number."),
        (Slot("name", "name name person contact contact_name full_name", ("Name of the person.",
              "The full name of the contact", "Who the number belongs to"), person_name),
         Slot("phone", "phone phone number phone_number phoneNumber", ("Phone number.", "The number.",
              "The phone number of the contact", "Phone number, with or without country code"),
              lambda draw: f"{draw.any(('0', '+'))}{draw.number(10000, 99999999)}")),
        "contact phone number call", "status:state id:id"),
    "random": Family(
        "random_number roll random_int get_random randomNumber pick_number generate_random_number generateRandomNumber",
        ("Random number within a range.", "Get a random number.", "Rolls a number between two limits.",
         "Generate a random number between two values",
         "Returns a random integer from the given range, both ends included.",
         "Use this when the user wants a number picked at random."),
        (Slot("min", "min min low from start min_value minimum", ("Lower end.", "Least number.",
              "The minimum value of the range", "Lower bound"), lambda draw: draw.number(0, 50), "integer"),
         Slot("max", "max max high to end max_value maximum", ("Upper end.", "Greatest number.",
              "The maximum value of the range", "Upper bound"), lambda draw: draw.number(51, 5000), "integer")),
        "random number roll dice pick choose", "number:int"),
    "reminder": Family(
        "set_reminder remind_me create_reminder reminder setReminder add_reminder remind createReminder "
        "schedule_reminder",
        ("Set a reminder.", "Remind the user of something.", "Creates a reminder for a time.",
         "Create a reminder for the user at a specific time", "Sets a reminder with a description and a time.",
         "Use this whenever the user wants to be reminded to do something later."),
        (Slot("task", "task task text what title reminder_text", ("What to do.", "What to remember.",
              "What the user should be reminded of", "The text of the reminder"), a_task),
         Slot("time", "time time at when remind_at reminder_time", ("When to remind.", "The time.",
              "When the reminder should be triggered", "Time of the reminder, e.g. 18:00"), clock)),
        "remind reminder remember forget", "status:state id:id"),
    "translate": Family(
        "translate translate_text translator translateText translation text_translate translate_phrase "
        "translateToLanguage",
        ("Translate a text.", "Translate text into a language.", "Translation service",
         "Puts text into another language.", "Translate text to a specified language",
         "Translates the given text into the target language.",
         "Use this tool when the user asks how to say something in another language."),
        (Slot("text", "text text phrase input content text_to_translate", ("The text.", "What to translate.",
              "The text to translate", "Text that should be translated"), phrase),
         Slot("language", "language language target to target_language lang to_language", ("Target language.",
              "The language.", "The language to translate the text into", "Target language, e.g. Spanish"),
              lambda draw: draw.pool("languages"), many=True)),
        "translate translation language say mean french spanish german english word", "translation:word"),
}  # fmt: skip
