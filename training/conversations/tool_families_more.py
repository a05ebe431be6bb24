"""More tools as people really define them."""

from __future__ import annotations

from typing import Final

from training.conversations.draw import Draw
from training.conversations.json_text import clock, email, person_name
from training.conversations.tool_families import Family, Slot, a_number, a_task, code, day, phrase


def _path(draw: Draw) -> str:
    folder = draw.any(("", "", f"{draw.word()}/", f"/{draw.word()}/", f"/{draw.word()}/{draw.word()}/"))
    return f"{folder}{draw.word()}.{draw.any(('txt', 'md', 'csv', 'json', 'log', 'py', 'html'))}"


def _command(draw: Draw) -> str:
    program = draw.pick(
        ("ls", "cat", "rm", "cp", "mkdir", "echo", "git", "touch", "grep", "make", "curl", "head", "sort")
    )
    return " ".join((program, *(draw.any((draw.word(), _path(draw), f"-{draw.any('abflnr')}")) for _ in range(2))))


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


_MONEY: Final = ("How much.", "The amount.", "Amount of money.")

MORE: Final[dict[str, Family]] = {
    "table": Family(
        "book_table reserve_table bookTable table_reservation restaurant_booking make_reservation",
        ("Book a table in a restaurant.", "Reserve a table.", "Restaurant reservation"),
        (Slot("restaurant", "restaurant restaurant name place", ("Name of the restaurant.",), _restaurant),
         Slot("people", "people people guests party_size seats", ("How many guests.", "Number of people."),
              lambda draw: draw.number(2, 20), "integer"),
         Slot("time", "time time at when", ("The time.",), clock)),
        "table restaurant dinner eat reserve book", "status:state id:id"),
    "restaurant": Family(
        "find_restaurant search_restaurants findRestaurant restaurants restaurant_search",
        ("Find a restaurant.", "Find restaurants in a city by cuisine.", "Search for places to eat."),
        (Slot("cuisine", "cuisine cuisine food type", ("Kind of food.",), _cuisine),
         Slot("city", "city city location place", ("The city.", "Where."), many=True)),
        "restaurant restaurants dinner eat food hungry", "name:name city:city"),
    "taxi": Family(
        "call_taxi order_taxi callTaxi book_ride get_cab taxi request_ride",
        ("Call a taxi.", "Order a cab.", "Book a ride from one place to another."),
        (Slot("from", "from pickup start origin", ("Where to pick up.",), _place),
         Slot("to", "to destination dropoff target", ("Where to go.",), _place)),
        "taxi cab ride drive", "driver:first minutes:int"),
    "transfer": Family(
        "transfer_money send_money sendMoney transfer make_payment pay wire_money",
        ("Send money to somebody.", "Transfer money.", "Make a payment to a person."),
        (Slot("amount", "amount amount sum value", _MONEY, a_number, "number"),
         Slot("to", "to recipient receiver name account", ("Who gets it.", "The recipient."),
              Draw.first_name, many=True)),
        "money pay send payment transfer", "status:state id:id"),
    "task": Family(
        "add_task create_task addTodo add_todo todo new_task todo_add",
        ("Add a task to the to-do list.", "Create a task.", "New to-do item"),
        (Slot("task", "task title text name", ("The task.", "What to do."), a_task),
         Slot("priority", "priority priority level", ("How urgent.",), kind="enum:low,medium,high", optional=True)),
        "task todo list", "id:id status:state"),
    "volume": Family(
        "set_volume volume setVolume change_volume sound_level adjust_volume",
        ("Set the volume.", "Change the loudness.", "Volume of the speaker in percent"),
        (Slot("level", "level level volume percent value", ("From 0 to 100.", "The volume."),
              lambda draw: draw.number(0, 100), "integer"),),
        "volume loud sound quiet", "level:int"),
    "door": Family(
        "lock_door lockDoor door_lock lock close_door secure_door",
        ("Lock a door.", "Locks the given door.", "Lock one of the doors."),
        (Slot("door", "door door name which", ("The door.", "Which door."), _door, many=True),),
        "door lock close", "door:word status:state"),
    "file_read": Family(
        "read_file readFile open_file cat_file get_file file_read load_file",
        ("Read a file.", "Show the content of a file.", "Returns the text of a file"),
        (Slot("path", "path path file filename file_path", ("Path of the file.", "The file."), _path, many=True),),
        "file files read open", "text:phrase size:int"),
    "file_write": Family(
        "write_file writeFile save_file create_file file_write store_text",
        ("Write text to a file.", "Save a file.", "Creates a file with a content"),
        (Slot("path", "path path file filename file_path", ("Path of the file.", "The file."), _path),
         Slot("text", "content text data body", ("What to write.", "The content."), phrase)),
        "file files write save", "status:state size:int"),
    "file_delete": Family(
        "delete_file deleteFile remove_file erase_file file_delete rm",
        ("Delete a file.", "Removes a file", "Erase a file for good."),
        (Slot("path", "path path file filename file_path", ("Path of the file.", "The file."), _path, many=True),),
        "file files delete remove", "status:state"),
    "run": Family(
        "run_command execute shell runCommand exec terminal bash run_shell",
        ("Run a shell command.", "Execute a command.", "Runs something in the terminal"),
        (Slot("command", "command command cmd line", ("The command.", "What to run."), _command, wordy=True),),
        "run execute command shell terminal", "output:phrase code:int"),
    "signup": Family(
        "create_user register_user createUser add_user sign_up new_user create_account",
        ("Create a user.", "Register a new user.", "New account with name and email"),
        (Slot("name", "name name username full_name", ("Name of the user.",), person_name),
         Slot("email", "email email mail address", ("Email address.",), email)),
        "user account register sign create", "id:id status:state"),
    "cancel": Family(
        "cancel_order cancelOrder order_cancel stop_order",
        ("Cancel an order.", "Stop an order by its number.", "Cancels an order"),
        (Slot("order", "order_id order_id order id number", ("Number of the order.", "The order ID."),
         code, many=True),),
        "order cancel", "order:code status:state"),
    "refund": Family(
        "refund_order refund refundOrder give_refund request_refund",
        ("Refund an order.", "Give money back for an order.", "Pay back an order"),
        (Slot("order", "order_id order_id order id number", ("Number of the order.", "The order ID."), code),
         Slot("reason", "reason reason why comment", ("Why.", "The reason."), phrase, optional=True)),
        "order refund money", "order:code status:state"),
    "dice": Family(
        "roll_dice dice rollDice throw_dice roll_many",
        ("Roll dice.", "Throw some dice.", "Rolls dice with any number of sides"),
        (Slot("count", "count number n dice", ("How many dice.",), lambda draw: draw.number(2, 12), "integer"),
         Slot("sides", "sides sides faces", ("Sides of each.",), lambda draw: draw.any((4, 6, 8, 10, 12, 20, 100)),
              "integer")),
        "roll dice throw random number pick", "total:int"),
    "units": Family(
        "convert_units unit_converter convertUnits convert unit_conversion",
        ("Convert a value to another unit.", "Unit converter", "Converts units."),
        (Slot("value", "value value amount number", ("The number.",), a_number, "number"),
         Slot("from", "from from_unit source unit", ("Unit to convert from.",), _unit),
         Slot("to", "to to_unit target target_unit", ("Unit to convert to.",), _unit)),
        "convert unit units many much", "value:float unit:unit"),
    "tip": Family(
        "calculate_tip tip tipCalculator get_tip tip_amount",
        ("Calculate a tip.", "Tip for a bill", "How much to tip."),
        (Slot("amount", "amount bill total sum", _MONEY, a_number, "number"),
         Slot("percent", "percent percent percentage rate", ("Percent of the bill.",),
              lambda draw: draw.number(5, 30), "integer")),
        "tip bill calculate percent", "tip:float"),
    "population": Family(
        "get_population population population_of getPopulation count_inhabitants",
        ("Population of a place.", "How many people live somewhere.", "Number of inhabitants"),
        (Slot("place", "place city country location name", ("The place.", "Where."),
              lambda draw: draw.pool("countries") if draw.chance(0.3) else draw.city(), many=True),),
        "population people inhabitants live country city capital", "population:int year:int"),
    "movie": Family(
        "find_movies search_movies movies findMovies movie_search films",
        ("Find movies by a director.", "Films of a director", "Search for movies."),
        (Slot("director", "director director name by", ("Who directed it.",), person_name, many=True),),
        "movie movies film films director watch", "title:phrase year:int"),
    "meeting": Family(
        "schedule_meeting set_meeting scheduleMeeting plan_meeting book_meeting arrange_meeting",
        ("Schedule a meeting with a person.", "Arrange a meeting.", "Plan a meeting with somebody."),
        (Slot("person", "person with attendee name participant", ("Whom to meet.",), person_name),
         Slot("date", "date date day", ("The day.",), day),
         Slot("time", "time time at start", ("The time.",), clock)),
        "meeting meet schedule calendar appointment", "status:state id:id"),
    "sql": Family(
        "run_query query_database sql runQuery execute_sql db_query",
        ("Run a SQL query.", "Query the database.", "Executes SQL"),
        (Slot("sql", "query sql statement", ("The SQL.", "The query."), _sql, wordy=True),),
        "sql query database", "rows:int name:first"),
    "plane": Family(
        "flight_status get_flight_status flightStatus track_flight check_flight",
        ("Status of a flight.", "Check whether a flight is on time.", "Get the state of a flight by number."),
        (Slot("flight", "flight flight_number number flightNumber", ("Flight number.",), _flight, many=True),),
        "flight plane time delayed land", "flight:code status:state gate:code"),
}  # fmt: skip
