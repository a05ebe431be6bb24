"""Tools as people really define them: the weather, mails, timers. What users say: pools/tool_requests.txt."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from training.conversations.draw import Draw, pool
from training.conversations.json_text import clock, email, person_name, title
from training.conversations.texts import sentence


@dataclass(frozen=True)
class Slot:
    """One argument of a family. `many`: a request may name several, for a call each. `wordy`: of many words."""

    name: str
    names: str
    about: tuple[str, ...] = ()
    make: Callable[[Draw], Any] = Draw.city
    kind: str = "string"
    optional: bool = False
    many: bool = False
    wordy: bool = False

    @property
    def free(self) -> bool:
        """Whether it is text of any length, so that nothing can follow it without a mark."""
        return self.wordy or self.make in (phrase, _few_words, a_task, title)


@dataclass(frozen=True)
class Family:
    """One kind of tool. `gives`: keys of its result and their kinds, as `tool_results` knows them."""

    names: str
    about: tuple[str, ...]
    slots: tuple[Slot, ...]
    words: str
    gives: str


def phrase(draw: Draw) -> str:
    """A text to send or to note down."""
    if draw.chance(0.55):
        return draw.pool("tool_phrases")
    if draw.chance(0.4) and "," not in (text := sentence(draw)):
        return text
    return " ".join(draw.word() for _ in range(draw.number(1, 5)))


def _few_words(draw: Draw) -> str:
    return " ".join(draw.word() for _ in range(draw.any((1, 1, 2, 2, 3))))


def a_task(draw: Draw) -> str:
    """Something to do."""
    verb = draw.pick(
        ("call", "buy", "clean", "feed", "pay", "visit", "write to", "meet", "pick up", "wash", "fix", "sell")
    )
    return f"{verb} {draw.any((draw.first_name(), 'the ' + draw.word()))}"


def day(draw: Draw) -> str:
    """A day or a date."""
    weekday = draw.any(pool("weekdays"))
    month = draw.any(pool("months"))
    number = draw.number(1, 28)
    return draw.any(
        (weekday, weekday, "tomorrow", "today", f"{month} {number}", f"{number} {month}",
         f"20{draw.number(24, 39)}-{draw.number(1, 12):02}-{number:02}", f"next {weekday}")
    )  # fmt: skip


def _expression(draw: Draw) -> str:
    space = draw.any((" ", " ", ""))
    parts = [str(draw.number(1, 999) if draw.chance(0.7) else draw.number(1, 99) / 2)]
    for _ in range(draw.any((1, 1, 1, 2))):
        parts += [draw.any("+-*/"), str(draw.number(1, 99))]
    return space.join(parts)


def a_number(draw: Draw) -> int | float:
    """Any number."""
    if draw.chance(0.8):
        return draw.number(0, 99) if draw.chance(0.6) else draw.number(100, 9999)
    return draw.number(0, 99) + draw.any((0.5, 0.25, 0.75, 0.1, 0.3))


def _symbol(draw: Draw) -> str:
    return "".join(draw.any("ABCDEFGHIKLMNOPRSTUVWXYZ") for _ in range(draw.number(2, 4)))


def code(draw: Draw) -> str:
    """An identifier of some form."""
    digits = str(draw.number(10, 99999))
    return draw.any(
        (digits, digits, f"{draw.any('ABCDKRTX')}-{digits}", f"{_symbol(draw)}{digits}", f"{_symbol(draw)}-{digits}",
         f"{draw.any('abckux')}_{digits}", f"{draw.any('abcdxyz')}{digits}")
    )  # fmt: skip


_ROOMS: Final = (
    "kitchen", "bedroom", "bathroom", "living room", "garage", "hall", "office", "cellar", "attic", "nursery", "study",
    "dining room", "garden", "porch", "guest room", "library", "lobby", "corridor", "workshop", "balcony",
)  # fmt: skip
_CURRENCIES: Final = (
    "USD", "EUR", "GBP", "JPY", "CHF", "SEK", "NOK", "DKK", "PLN", "CZK", "HUF", "CAD", "AUD", "NZD", "INR", "CNY",
    "BRL", "MXN", "ZAR", "TRY", "euros", "dollars", "pounds", "yen", "francs", "rupees", "pesos",
)  # fmt: skip


def clock_or_day(draw: Draw) -> str:
    """When something is."""
    return clock(draw) if draw.chance(0.25) else day(draw)


def _room(draw: Draw) -> str:
    return draw.made_up_word() + " room" if draw.chance(0.2) else draw.pick(_ROOMS)


def _device(draw: Draw) -> str:
    if draw.chance(0.25):
        return draw.made_up_word()
    return draw.pick(("fan", "heater", "radio", "television", "pump", "oven", "kettle", "coffee machine", "sprinkler",
                      "projector", "printer", "speaker", "camera", "alarm", "dishwasher", "vacuum",
                      "humidifier"))  # fmt: skip


def _toppings(draw: Draw) -> list[str]:
    return [draw.pool("vegetables") if draw.chance(0.8) else draw.made_up_word() for _ in range(draw.number(1, 3))]


def _topic(draw: Draw) -> str:
    return draw.any((draw.pool("sports"), draw.city(), draw.word(), draw.word()))


_CITY: Final = (
    "Name of the city.", "The city.", "City name, e.g. Paris.", "Where.", "The place to look up.",
    "The city and state, e.g. San Francisco, CA", "The name of the city", "City or town, e.g. Tokyo or Oslo",
)  # fmt: skip

FAMILIES: Final[dict[str, Family]] = {
    "weather": Family(
        "get_weather weather get_current_weather getWeather weather_lookup fetch_weather current_weather "
        "check_weather getCurrentWeather get_weather_data",
        ("Get the current weather of a city.", "Get the weather.", "Current weather in a given city",
         "Weather for a place", "Returns the weather for a location.", "Get the current weather in a given location",
         "Retrieves the current weather conditions for the specified city.",
         "Use this tool whenever the user asks about the weather. Takes a city and returns the temperature.",
         "Fetch temperature and conditions for a city"),
        (Slot("city", "city city location place town location city_name", _CITY, many=True),
         Slot("unit", "unit unit units scale temperature_unit", ("Temperature unit.", "The unit.",
              "The unit of temperature to use", "Celsius or Fahrenheit"), kind="enum:celsius,fahrenheit",
              optional=True)),
        "weather rain raining sun sunny umbrella warm cold hot temperature forecast snow wind storm degrees climate",
        "temperature:degrees condition:sky humidity:int wind:int"),
    "time": Family(
        "get_time current_time get_current_time time_in_city getTime local_time clock world_clock tell_time "
        "get_local_time getCurrentTime",
        ("Get the current time in a city.", "Current local time of a place", "Tells the time.", "Local time by city",
         "Get the current time for a specific location", "Returns the current local time in the specified city.",
         "Use this when the user wants to know what time it is somewhere."),
        (Slot("city", "city city location place timezone location city_name", _CITY, many=True),),
        "time clock late hour day date today", "time:time date:date"),
    "calculate": Family(
        "calculate calculator evaluate compute math calc evaluate_expression do_math solve evaluateExpression "
        "run_calculation",
        ("Evaluate an arithmetic expression.", "Calculate something.", "A calculator",
         "Computes a mathematical expression.", "Evaluates a mathematical expression and returns the result.",
         "Perform basic arithmetic. Use this for any sum the user asks for.",
         "Useful for when you need to answer questions about math"),
        (Slot("expression", "expression expression expr formula input calculation", ("The expression.",
              "What to calculate, e.g. 2 + 2.", "The mathematical expression to evaluate, e.g. '12 * (3 + 4)'",
              "A valid arithmetic expression"), _expression),),
        "calculate compute plus minus times add sum", "result:int"),
    "add": Family(
        "add add_numbers sum addNumbers plus add_two_numbers sum_numbers addition add_two add_values",
        ("Add two numbers.", "Sum of two numbers", "Adds a and b.", "Addition of numbers",
         "Adds two numbers together and returns the sum.", "Calculate the sum of two numbers",
         "Use this to add one number to another."),
        (Slot("a", "a a x first num1 number1", ("First number.", "The first number.", "The first number to add",
              "First operand"), a_number, "number"),
         Slot("b", "b b y second num2 number2", ("Second number.", "The second number.",
              "The second number to add", "Second operand"), a_number, "number")),
        "calculate compute plus minus add sum", "result:int"),
    "multiply": Family(
        "multiply multiply_numbers product times multiplyNumbers mul multiplication multiply_two multiplyTwoNumbers",
        ("Multiply two numbers.", "Product of two numbers", "Multiplies a and b.", "Multiplication of numbers",
         "Multiplies two numbers and returns the product.", "Calculate the product of two numbers",
         "Use this to multiply one number by another."),
        (Slot("a", "a a x first num1 number1", ("First number.", "The first number.",
              "The first number to multiply", "First factor"), a_number, "number"),
         Slot("b", "b b y second num2 number2", ("Second number.", "The second number.",
              "The second number to multiply", "Second factor"), a_number, "number")),
        "calculate compute plus minus times multiply product", "result:int"),
    "operate": Family(
        "calculator calculate arithmetic math_operation compute operate binary_operation perform_operation "
        "arithmeticOperation",
        ("Do arithmetic with two numbers.", "Apply an operation to two numbers.", "Simple calculator",
         "Performs a basic arithmetic operation on two numbers.",
         "A calculator for addition, subtraction, multiplication and division.",
         "Runs the chosen operation on two operands and returns the result."),
        (Slot("operation", "operation operation op operator action", ("What to do.", "The operation.",
              "The arithmetic operation to perform", "Operation to apply to the numbers"),
              kind="enum:add,subtract,multiply,divide"),
         Slot("a", "a a x first left number1", ("First number.", "The first operand", "Left-hand number"),
              a_number, "number"),
         Slot("b", "b b y second right number2", ("Second number.", "The second operand", "Right-hand number"),
              a_number, "number")),
        "calculate compute plus minus times add sum multiply divide subtract", "result:int"),
    "email": Family(
        "send_email email sendEmail send_mail mail write_email compose_email email_sender send_email_message emailSend",
        ("Send an email.", "Send an email to someone.", "Sends an e-mail", "Write and send an email.",
         "Send an email to the specified recipient", "Sends an email with the given subject and body.",
         "Use this tool to send an email on behalf of the user. Needs an address, a subject and a body."),
        (Slot("to", "to to recipient address receiver recipient_email to_address", ("Email address.",
              "Who gets it.", "The recipient.", "Email address of the recipient",
              "The recipient's email, e.g. jane@example.com"), email),
         Slot("subject", "subject subject title subject_line", ("Subject line.", "The subject.",
              "The subject line of the email", "Email subject"), _few_words),
         Slot("body", "body body text content message email_body", ("The text.", "Body of the email.",
              "The body content of the email", "Plain text of the email"), phrase)),
        "email mail send write message", "status:state id:id"),
    "message": Family(
        "send_message message sendMessage text_person send_text send_sms sms chat_send sendTextMessage "
        "send_text_message",
        ("Send a message to somebody.", "Send a text message.", "Text a person", "Sends a short message.",
         "Send a text message to a contact", "Sends a message to the given recipient.",
         "Use this when the user wants to text somebody or let a person know something."),
        (Slot("to", "to to recipient name contact person recipient_name", ("Who gets it.", "The recipient.",
              "Name of the person.", "Name of the contact to send the message to",
              "The person who should receive the message"), Draw.first_name),
         Slot("text", "text text message body content message_text", ("The text.", "What to say.", "The message.",
              "The content of the message", "The message text to be sent"), phrase)),
        "message text send write tell say sms", "status:state id:id"),
    "search": Family(
        "search web_search search_web google searchWeb internet_search find_pages look_up_online search_internet "
        "webSearch",
        ("Search the web.", "Web search", "Search the internet for pages.", "Finds web pages.",
         "Search the web for up-to-date information", "Performs a web search and returns the top results.",
         "Use this tool to look something up on the internet when you do not know it."),
        (Slot("query", "query query q search_term keywords text search_query", ("The search query.",
              "What to look for.", "The search query string", "Search keywords, e.g. wireless headphones",
              "Terms to search for"), _few_words, many=True),
         Slot("limit", "limit limit max_results count n num_results", ("How many results.", "Number of results.",
              "Maximum number of results to return", "The number of results to fetch"), lambda draw: draw.number(1, 20),
              "integer", optional=True)),
        "search find look web internet google online who what when where why which how", "title:phrase url:url"),
    "event": Family(
        "create_event add_event createEvent calendar_add new_event schedule_event add_to_calendar "
        "create_calendar_event addCalendarEvent",
        ("Create a calendar event.", "Add an event to the calendar.", "New entry in the calendar",
         "Schedules an event.", "Create a new event in the user's calendar",
         "Adds an event with a title, a date and a start time to the calendar.",
         "Use this to put something on the user's schedule."),
        (Slot("title", "title title name summary event event_title", ("Title of the event.", "What it is.",
              "The title of the calendar event", "Short name for the event"), _few_words),
         Slot("date", "date date day when event_date", ("The date.", "On which day.", "The date in any format",
              "Date of the event, e.g. 2025-03-14 or tomorrow"), day),
         Slot("time", "time time start start_time event_time", ("Start time.", "At what time.",
              "The time at which the event starts", "Start time, e.g. 14:30"), clock)),
        "event calendar schedule plan meeting appointment", "status:state id:id"),
    "alarm": Family(
        "set_alarm alarm setAlarm create_alarm wake_up alarm_clock add_alarm schedule_alarm setNewAlarm",
        ("Set an alarm.", "Set the alarm clock.", "Makes an alarm ring at a time.", "Wake the user up.",
         "Set an alarm for a specific time", "Creates a new alarm that rings at the specified time.",
         "Use this when the user asks to be woken up. Takes a time and, if wanted, a label."),
        (Slot("time", "time time at hour when alarm_time", ("When it rings.", "Time of the alarm.",
              "The time at which the alarm should go off", "Alarm time, e.g. 7:30 or 6 am"), clock, many=True),
         Slot("label", "label label name title alarm_name", ("Label of the alarm.",
              "An optional name for the alarm"), _few_words, optional=True)),
        "alarm wake ring", "status:state id:id"),
    "timer": Family(
        "set_timer timer start_timer setTimer countdown create_timer new_timer startTimer set_countdown",
        ("Start a timer.", "Set a timer in minutes.", "Countdown timer", "Starts a countdown.",
         "Set a timer for a given number of minutes", "Starts a countdown that ends after the specified duration.",
         "Use this when the user wants to be told that some minutes have passed."),
        (Slot("minutes", "minutes minutes duration length time duration_minutes", ("Length in minutes.",
              "How many minutes.", "Duration of the timer in minutes", "The number of minutes to count down"),
              lambda draw: draw.number(1, 120), "integer"),
         Slot("label", "label label name title timer_name", ("Label of the timer.",
              "An optional name for the timer"), _few_words, optional=True)),
        "timer countdown minutes", "status:state id:id"),
    "stock": Family(
        "get_stock_price stock_price stock getStockPrice share_price quote stock_lookup getStockQuote stock_quote",
        ("Get the price of a stock.", "Current share price", "Stock price by symbol.", "Look up a share.",
         "Get the current stock price for a given ticker symbol",
         "Retrieves the latest share price of a company by its ticker.",
         "Use this when the user asks about the price of a stock. The price is the latest trading price."),
        (Slot("symbol", "symbol symbol ticker stock ticker_symbol", ("Ticker symbol.",
              "The stock symbol, e.g. ABC.", "The stock ticker symbol, e.g. AAPL", "Ticker of the company"), _symbol,
              many=True),),
        "stock share shares price trading worth market", "symbol:symbol price:float currency:currency"),
    "currency": Family(
        "convert_currency currency_converter exchange convertCurrency money_exchange currency_convert "
        "exchange_currency convertMoney",
        ("Convert money to another currency.", "Currency converter", "Exchange one currency for another.",
         "Convert an amount from one currency to another",
         "Converts money between two currencies at the current exchange rate.",
         "Use this tool to find out how much an amount of money is worth in a different currency."),
        (Slot("amount", "amount amount value sum amount_to_convert", ("How much.", "The amount of money.",
              "The amount to convert", "Amount in the source currency"), a_number, "number"),
         Slot("from", "from from from_currency source base source_currency", ("Currency to convert from.",
              "Source currency.", "The currency to convert from, e.g. USD", "Currency that the amount is in"),
              lambda draw: draw.pick(_CURRENCIES)),
         Slot("to", "to to to_currency target target_currency", ("Currency to convert to.", "Target currency.",
              "The currency to convert to, e.g. EUR", "Currency that the user wants"),
              lambda draw: draw.pick(_CURRENCIES), many=True)),
        "convert currency money exchange euro dollar euros dollars worth", "amount:float rate:float"),
    "hotel": Family(
        "book_hotel hotel bookHotel reserve_hotel hotel_booking find_hotel search_hotels reserveHotel",
        ("Book a hotel.", "Reserve a hotel room in a city.", "Hotel booking", "Finds a room.",
         "Book a hotel room in the specified city",
         "Searches for hotels in a location and reserves a room for the number of nights.",
         "Use this when the user needs somewhere to stay."),
        (Slot("city", "city city location place location destination", _CITY, many=True),
         Slot("nights", "nights nights count duration num_nights number_of_nights", ("How many nights.",
              "Number of nights.", "The number of nights to stay", "Length of the stay in nights"),
              lambda draw: draw.number(2, 30), "integer")),
        "hotel room nights stay book travel trip", "hotel:name price:int"),
    "song": Family(
        "play_song play_music playSong play music start_music music_player playMusic play_track",
        ("Play a song.", "Play music.", "Plays a song by title.", "Start a track.", "Play a song for the user",
         "Plays the requested track on the music player.",
         "Use this when the user wants to listen to a song. The artist may be given as well."),
        (Slot("title", "title title song track name song_title song_name", ("Title of the song.", "The song.",
              "The title of the song to play", "Name of the track"), title, many=True),
         Slot("artist", "artist artist band singer by artist_name", ("Who sings it.", "The artist.",
              "The artist who performs the song", "Name of the band or singer"), person_name, optional=True)),
        "play song music hear listen sing", "status:state length:time"),
    "light": Family(
        "set_light turn_on_light light switch_light setLight light_control toggle_light lights set_light_state "
        "control_lights",
        ("Turn the light in a room on or off.", "Control a light.", "Switch lights.", "Sets the light of a room.",
         "Turn the lights in a room on or off", "Controls the smart lights of the specified room.",
         "Use this when the user wants the lights switched on or off somewhere in the house."),
        (Slot("room", "room room location where room_name", ("The room.", "Which room.",
              "The room in which the light is located", "Name of the room, e.g. kitchen"), _room, many=True),
         Slot("on", "on on enabled state power turn_on is_on", ("Whether it is on.", "True for on.",
              "Whether the light should be on or off", "true turns the light on, false turns it off"),
              lambda draw: draw.chance(0.5), "boolean")),
        "light lights lamp dark bright switch turn", "room:word on:bool"),
    "switch": Family(
        "switch_device set_device power device_control setDevice control_device device_power toggle_device "
        "set_device_state",
        ("Switch a device on or off.", "Control a device.", "Turns a device on or off.",
         "Turn a smart home device on or off", "Sets the power state of a connected device.",
         "Use this to control appliances around the house."),
        (Slot("device", "device device name appliance device_name", ("The device.", "Which device.",
              "The name of the device to control", "Device to switch, e.g. fan"), _device, many=True),
         Slot("state", "state state power action status power_state", ("On or off.", "The new state.",
              "The desired state of the device", "Whether to turn the device on or off"), kind="enum:on,off")),
        "switch turn device", "device:word state:state"),
    "thermostat": Family(
        "set_temperature thermostat set_thermostat setTemperature heat_room room_temperature "
        "set_thermostat_temperature adjust_thermostat",
        ("Set the temperature of a room.", "Control the heating.", "Thermostat of a room",
         "Set the thermostat to a given temperature", "Adjusts the target temperature of the specified room.",
         "Use this when the user wants a room to be warmer or cooler."),
        (Slot("room", "room room location where room_name", ("The room.", "Which room.",
              "The room whose temperature should change", "Name of the room, e.g. bedroom"), _room, many=True),
         Slot("degrees", "temperature temperature degrees value target target_temperature", ("Degrees.",
              "The temperature to set.", "The desired temperature in degrees", "Target temperature for the room"),
              lambda draw: draw.number(14, 28) + draw.any((0, 0, 0, 0.5)), "number")),
        "temperature heating heat degrees warm thermostat cold", "room:word temperature:degrees"),
    "news": Family(
        "get_news news latest_news getNews headlines news_search fetch_news get_latest_news search_news",
        ("Get the news about a topic.", "Latest headlines", "News by topic.", "Find news.",
         "Get the latest news articles about a topic", "Retrieves recent headlines for the given topic.",
         "Use this when the user asks what is going on in the world or in some field."),
        (Slot("topic", "topic topic subject category query news_topic", ("The topic.", "What the news is about.",
              "The topic to get news about", "Subject of the articles, e.g. football"), _topic, many=True),),
        "news headline headlines new latest current today happened president won", "headline:phrase source:name"),
    "define": Family(
        "define dictionary define_word get_definition word_meaning lookup_word get_word_definition dictionary_lookup",
        ("Define a word.", "Look up a word in the dictionary.", "Meaning of a word", "Get the definition of a word",
         "Looks up the meaning of the given word in a dictionary.", "Use this when the user asks what a word means."),
        (Slot("word", "word word term word_to_define", ("The word.", "Word to define.", "The word to look up",
              "An English word"), Draw.word, many=True),),
        "define definition meaning mean word dictionary explain plural opposite synonym antonym", "definition:phrase"),
    "pizza": Family(
        "order_pizza pizza orderPizza pizza_order make_pizza buy_pizza place_pizza_order order_pizzas",
        ("Order pizzas.", "Order a pizza with toppings.", "Pizza delivery", "Place an order for pizza",
         "Orders the given number of pizzas with the chosen size and toppings.",
         "Use this when the user wants pizza delivered."),
        (Slot("quantity", "quantity quantity count number number_of_pizzas", ("How many.",
              "The number of pizzas to order", "How many pizzas the customer wants"), lambda draw: draw.number(2, 9),
              "integer"),
         Slot("size", "size size pizza_size", ("The size.", "The size of the pizza", "Size of all the pizzas"),
              kind="enum:small,medium,large"),
         Slot("toppings", "toppings toppings extras ingredients topping_list", ("What goes on top.",
              "List of toppings.", "The toppings to put on the pizza", "Toppings, e.g. mushrooms and onions"),
              _toppings, "array")),
        "pizza order food eat dinner hungry", "order:code minutes:int"),
}  # fmt: skip
