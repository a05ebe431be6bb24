"""Tools as people really define them: the weather, mails, timers. What users say: pools/tool_requests.txt."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from training.conversations.draw import Draw, pool
from training.conversations.json_text import clock, email, person_name, title


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


_CITY: Final = ("Name of the city.", "The city.", "City name, e.g. Paris.", "Where.", "The place to look up.")

FAMILIES: Final[dict[str, Family]] = {
    "weather": Family(
        "get_weather weather get_current_weather getWeather weather_lookup fetch_weather current_weather check_weather",
        ("Get the current weather of a city.", "Get the weather.", "Current weather in a given city",
         "Weather for a place",
         "Returns the weather for a location."),
        (Slot("city", "city city location place town", _CITY, many=True),
         Slot("unit", "unit unit units scale", ("Temperature unit.", "The unit."), kind="enum:celsius,fahrenheit",
              optional=True)),
        "weather rain raining sun sunny umbrella warm cold hot temperature forecast snow wind storm degrees climate",
        "temperature:degrees condition:sky humidity:int wind:int"),
    "time": Family(
        "get_time current_time get_current_time time_in_city getTime local_time clock world_clock tell_time",
        ("Get the current time in a city.", "Current local time of a place", "Tells the time.", "Local time by city"),
        (Slot("city", "city city location place timezone", _CITY, many=True),),
        "time clock late hour day date today", "time:time date:date"),
    "calculate": Family(
        "calculate calculator evaluate compute math calc evaluate_expression do_math solve",
        ("Evaluate an arithmetic expression.", "Calculate something.", "A calculator",
         "Computes a mathematical expression."),
        (Slot("expression", "expression expression expr formula input", ("The expression.",
         "What to calculate, e.g. 2 + 2."),
              _expression),),
        "calculate compute plus minus times add sum", "result:int"),
    "add": Family(
        "add add_numbers sum addNumbers plus add_two_numbers sum_numbers addition",
        ("Add two numbers.", "Sum of two numbers", "Adds a and b.", "Addition of numbers"),
        (Slot("a", "a a x first num1", ("First number.", "The first number."), a_number, "number"),
         Slot("b", "b b y second num2", ("Second number.", "The second number."), a_number, "number")),
        "calculate compute plus minus add sum", "result:int"),
    "multiply": Family(
        "multiply multiply_numbers product times multiplyNumbers mul multiplication",
        ("Multiply two numbers.", "Product of two numbers", "Multiplies a and b.", "Multiplication of numbers"),
        (Slot("a", "a a x first num1", ("First number.", "The first number."), a_number, "number"),
         Slot("b", "b b y second num2", ("Second number.", "The second number."), a_number, "number")),
        "calculate compute plus minus times multiply product", "result:int"),
    "operate": Family(
        "calculator calculate arithmetic math_operation compute operate binary_operation",
        ("Do arithmetic with two numbers.", "Apply an operation to two numbers.", "Simple calculator"),
        (Slot("operation", "operation operation op operator action", ("What to do.", "The operation."),
              kind="enum:add,subtract,multiply,divide"),
         Slot("a", "a a x first left", ("First number.",), a_number, "number"),
         Slot("b", "b b y second right", ("Second number.",), a_number, "number")),
        "calculate compute plus minus times add sum multiply divide subtract", "result:int"),
    "email": Family(
        "send_email email sendEmail send_mail mail write_email compose_email email_sender",
        ("Send an email.", "Send an email to someone.", "Sends an e-mail", "Write and send an email."),
        (Slot("to", "to to recipient address receiver", ("Email address.", "Who gets it.", "The recipient."), email),
         Slot("subject", "subject subject title", ("Subject line.", "The subject."), _few_words),
         Slot("body", "body body text content message", ("The text.", "Body of the email."), phrase)),
        "email mail send write message", "status:state id:id"),
    "message": Family(
        "send_message message sendMessage text_person send_text send_sms sms chat_send",
        ("Send a message to somebody.", "Send a text message.", "Text a person", "Sends a short message."),
        (Slot("to", "to to recipient name contact person", ("Who gets it.", "The recipient.", "Name of the person."),
              Draw.first_name),
         Slot("text", "text text message body content", ("The text.", "What to say.", "The message."), phrase)),
        "message text send write tell say sms", "status:state id:id"),
    "search": Family(
        "search web_search search_web google searchWeb internet_search find_pages look_up_online",
        ("Search the web.", "Web search", "Search the internet for pages.", "Finds web pages."),
        (Slot("query", "query query q search_term keywords text", ("The search query.", "What to look for."),
         _few_words,
              many=True),
         Slot("limit", "limit limit max_results count n", ("How many results.", "Number of results."),
              lambda draw: draw.number(1, 20), "integer", optional=True)),
        "search find look web internet google online who what when where why which how", "title:phrase url:url"),
    "event": Family(
        "create_event add_event createEvent calendar_add new_event schedule_event add_to_calendar",
        ("Create a calendar event.", "Add an event to the calendar.", "New entry in the calendar",
         "Schedules an event."),
        (Slot("title", "title title name summary event", ("Title of the event.", "What it is."), _few_words),
         Slot("date", "date date day when", ("The date.", "On which day."), day),
         Slot("time", "time time start start_time", ("Start time.", "At what time."), clock)),
        "event calendar schedule plan meeting appointment", "status:state id:id"),
    "alarm": Family(
        "set_alarm alarm setAlarm create_alarm wake_up alarm_clock add_alarm",
        ("Set an alarm.", "Set the alarm clock.", "Makes an alarm ring at a time.", "Wake the user up."),
        (Slot("time", "time time at hour when", ("When it rings.", "Time of the alarm."), clock, many=True),
         Slot("label", "label label name title", ("Label of the alarm.",), _few_words, optional=True)),
        "alarm wake ring", "status:state id:id"),
    "timer": Family(
        "set_timer timer start_timer setTimer countdown create_timer new_timer",
        ("Start a timer.", "Set a timer in minutes.", "Countdown timer", "Starts a countdown."),
        (Slot("minutes", "minutes minutes duration length time", ("Length in minutes.", "How many minutes."),
              lambda draw: draw.number(1, 120), "integer"),
         Slot("label", "label label name title", ("Label of the timer.",), _few_words, optional=True)),
        "timer countdown minutes", "status:state id:id"),
    "reminder": Family(
        "set_reminder remind_me create_reminder reminder setReminder add_reminder remind",
        ("Set a reminder.", "Remind the user of something.", "Creates a reminder for a time."),
        (Slot("task", "task task text what title", ("What to do.", "What to remember."), a_task),
         Slot("time", "time time at when", ("When to remind.", "The time."), clock)),
        "remind reminder remember forget", "status:state id:id"),
    "translate": Family(
        "translate translate_text translator translateText translation text_translate",
        ("Translate a text.", "Translate text into a language.", "Translation service",
         "Puts text into another language."),
        (Slot("text", "text text phrase input content", ("The text.", "What to translate."), phrase),
         Slot("language", "language language target to target_language lang", ("Target language.", "The language."),
              lambda draw: draw.pool("languages"), many=True)),
        "translate translation language say mean french spanish german english word", "translation:word"),
    "stock": Family(
        "get_stock_price stock_price stock getStockPrice share_price quote stock_lookup",
        ("Get the price of a stock.", "Current share price", "Stock price by symbol.", "Look up a share."),
        (Slot("symbol", "symbol symbol ticker stock", ("Ticker symbol.", "The stock symbol, e.g. ABC."),
         _symbol, many=True),),
        "stock share shares price trading worth market", "symbol:symbol price:float currency:currency"),
    "currency": Family(
        "convert_currency currency_converter exchange convertCurrency money_exchange currency_convert",
        ("Convert money to another currency.", "Currency converter", "Exchange one currency for another."),
        (Slot("amount", "amount amount value sum", ("How much.", "The amount of money."), a_number, "number"),
         Slot("from", "from from from_currency source base", ("Currency to convert from.", "Source currency."),
              lambda draw: draw.pick(_CURRENCIES)),
         Slot("to", "to to to_currency target", ("Currency to convert to.", "Target currency."),
              lambda draw: draw.pick(_CURRENCIES), many=True)),
        "convert currency money exchange euro dollar euros dollars worth", "amount:float rate:float"),
    "flight": Family(
        "book_flight flight bookFlight find_flight flight_booking search_flights reserve_flight",
        ("Book a flight.", "Book a plane ticket.", "Find a flight between two cities.", "Flight booking"),
        (Slot("from", "from from origin departure from_city", ("Where it starts.", "City of departure.")),
         Slot("to", "to to destination arrival to_city", ("Where it goes.", "City of arrival."), many=True),
         Slot("date", "date date day when", ("Day of the flight.", "The date."), day)),
        "flight fly plane ticket book travel trip", "flight:code price:int seat:code"),
    "hotel": Family(
        "book_hotel hotel bookHotel reserve_hotel hotel_booking find_hotel",
        ("Book a hotel.", "Reserve a hotel room in a city.", "Hotel booking", "Finds a room."),
        (Slot("city", "city city location place", _CITY, many=True),
         Slot("nights", "nights nights count duration", ("How many nights.", "Number of nights."),
              lambda draw: draw.number(2, 30), "integer")),
        "hotel room nights stay book travel trip", "hotel:name price:int"),
    "song": Family(
        "play_song play_music playSong play music start_music music_player",
        ("Play a song.", "Play music.", "Plays a song by title.", "Start a track."),
        (Slot("title", "title title song track name", ("Title of the song.", "The song."), title, many=True),
         Slot("artist", "artist artist band singer by", ("Who sings it.", "The artist."), person_name, optional=True)),
        "play song music hear listen sing", "status:state length:time"),
    "cart": Family(
        "add_to_cart cart_add addToCart add_item put_in_cart basket_add",
        ("Add a product to the cart.", "Put something in the shopping cart.", "Adds an item to the basket."),
        (Slot("product", "product product item article name", ("The product.", "What to buy."),
              lambda draw: draw.pool("fruits") if draw.chance(0.5) else draw.made_up_word()),
         Slot("quantity", "quantity quantity count amount number", ("How many.", "The quantity."),
              lambda draw: draw.number(2, 60), "integer")),
        "cart basket buy shop shopping order add", "total:float items:int"),
    "order": Family(
        "get_order_status order_status track_order getOrderStatus check_order order_lookup",
        ("Get the status of an order.", "Track an order.", "Order status by number", "Where an order is."),
        (Slot("order", "order_id order_id order id number orderId", ("Number of the order.", "The order ID."),
         code, many=True),),
        "order shipped status arrive delivery package track", "order:code status:state"),
    "user": Family(
        "lookup_user get_user find_user getUser user_details fetch_user user_lookup",
        ("Look up a user.", "Get the details of a user.", "Find a user.", "User record"),
        (Slot("user", "user_id user_id user name username id", ("The user.", "Name or ID of the user."),
              lambda draw: code(draw) if draw.chance(0.5) else draw.first_name(), many=True),),
        "user account profile customer", "name:name city:city active:bool"),
    "light": Family(
        "set_light turn_on_light light switch_light setLight light_control toggle_light lights",
        ("Turn the light in a room on or off.", "Control a light.", "Switch lights.", "Sets the light of a room."),
        (Slot("room", "room room location where", ("The room.", "Which room."), _room, many=True),
         Slot("on", "on on enabled state power", ("Whether it is on.", "True for on."), lambda draw: draw.chance(0.5),
              "boolean")),
        "light lights lamp dark bright switch turn", "room:word on:bool"),
    "switch": Family(
        "switch_device set_device power device_control setDevice control_device device_power",
        ("Switch a device on or off.", "Control a device.", "Turns a device on or off."),
        (Slot("device", "device device name appliance", ("The device.", "Which device."), _device, many=True),
         Slot("state", "state state power action status", ("On or off.", "The new state."), kind="enum:on,off")),
        "switch turn device", "device:word state:state"),
    "thermostat": Family(
        "set_temperature thermostat set_thermostat setTemperature heat_room room_temperature",
        ("Set the temperature of a room.", "Control the heating.", "Thermostat of a room"),
        (Slot("room", "room room location where", ("The room.", "Which room."), _room, many=True),
         Slot("degrees", "temperature temperature degrees value target", ("Degrees.", "The temperature to set."),
              lambda draw: draw.number(14, 28) + draw.any((0, 0, 0, 0.5)), "number")),
        "temperature heating heat degrees warm thermostat cold", "room:word temperature:degrees"),
    "note": Family(
        "create_note add_note note createNote save_note take_note write_note",
        ("Create a note.", "Save a note.", "Writes a note down.", "New note with a text"),
        (Slot("text", "text text content note body", ("Text of the note.", "What to write."), phrase),),
        "note write save", "id:id status:state"),
    "news": Family(
        "get_news news latest_news getNews headlines news_search fetch_news",
        ("Get the news about a topic.", "Latest headlines", "News by topic.", "Find news."),
        (Slot("topic", "topic topic subject category query", ("The topic.", "What the news is about."),
              _topic, many=True),),
        "news headline headlines new latest current today happened president won", "headline:phrase source:name"),
    "distance": Family(
        "calculate_distance distance get_distance getDistance distance_between how_far route_length",
        ("Distance between two cities.", "Calculate how far two places are apart.", "Get the distance of two places."),
        (Slot("from", "from from origin start city_a", ("Where it starts.", "First city.")),
         Slot("to", "to to destination end city_b", ("Where it ends.", "Second city."), many=True)),
        "distance far kilometres miles away long", "distance:int unit:unit"),
    "define": Family(
        "define dictionary define_word get_definition word_meaning lookup_word",
        ("Define a word.", "Look up a word in the dictionary.", "Meaning of a word"),
        (Slot("word", "word word term", ("The word.", "Word to define."), Draw.word, many=True),),
        "define definition meaning mean word dictionary explain plural opposite synonym antonym", "definition:phrase"),
    "recipe": Family(
        "find_recipe recipe get_recipe search_recipes getRecipe recipe_lookup",
        ("Find a recipe.", "Recipe for a dish", "Search recipes by dish.", "How to cook a dish"),
        (Slot("dish", "dish dish name food meal", ("The dish.", "What to cook."),
              lambda draw: draw.pool("desserts") if draw.chance(0.5) else draw.pool("vegetables") + " soup",
              many=True),),
        "recipe cook dish food meal bake dinner eat", "title:phrase minutes:int"),
    "contact": Family(
        "add_contact save_contact create_contact addContact new_contact store_contact",
        ("Save a contact.", "Add a person to the contacts.", "New entry in the phone book"),
        (Slot("name", "name name person contact", ("Name of the person.",), person_name),
         Slot("phone", "phone phone number phone_number", ("Phone number.", "The number."),
              lambda draw: f"{draw.any(('0', '+'))}{draw.number(10000, 99999999)}")),
        "contact phone number call", "status:state id:id"),
    "random": Family(
        "random_number roll random_int get_random randomNumber pick_number",
        ("Random number within a range.", "Get a random number.", "Rolls a number between two limits."),
        (Slot("min", "min min low from start", ("Lower end.", "Least number."), lambda draw: draw.number(0, 50),
         "integer"),
         Slot("max", "max max high to end", ("Upper end.", "Greatest number."), lambda draw: draw.number(51, 5000),
              "integer")),
        "random number roll dice pick choose", "number:int"),
    "pizza": Family(
        "order_pizza pizza orderPizza pizza_order make_pizza buy_pizza",
        ("Order pizzas.", "Order a pizza with toppings.", "Pizza delivery"),
        (Slot("quantity", "quantity quantity count number", ("How many.",), lambda draw: draw.number(2, 9), "integer"),
         Slot("size", "size size", ("The size.",), kind="enum:small,medium,large"),
         Slot("toppings", "toppings toppings extras ingredients", ("What goes on top.", "List of toppings."),
              _toppings, "array")),
        "pizza order food eat dinner hungry", "order:code minutes:int"),
}  # fmt: skip
