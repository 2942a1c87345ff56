// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @dev When an order fills. `Limit` fills at or better than its trigger, `Stop` at or worse: for a sale of a long a
/// take-profit is a limit, a stop-loss a stop.
enum OrderKind {
    Market,
    Limit,
    Stop
}

/// @dev What an account asks for. Amounts are WAD and whole token units.
struct OrderRequest {
    /// @dev Position to change; 0 opens a new one, which gets the order's id.
    uint256 positionId;
    OrderKind kind;
    /// @dev Only shrinks the position; clamped to its size; dies with it.
    bool reduceOnly;
    /// @dev Takes the keeper's fee from the position's margin at execution. Reduce-only trigger orders alone.
    bool feeFromMargin;
    /// @dev Terms under which the account wants to open or increase.
    uint16 termsId;
    /// @dev Signed size change, + buys, − sells [WAD base].
    int256 sizeDelta;
    /// @dev Margin to add with the fill; escrowed until then [WAD quote].
    uint256 margin;
    /// @dev Reserve to lock with the fill [WAD quote].
    uint256 reserve;
    /// @dev Worst price at which the account trades, impact included [WAD quote per base].
    uint256 acceptablePrice;
    /// @dev Price that releases a trigger order [WAD quote per base]; 0 for a market order.
    uint256 triggerPrice;
    /// @dev Paid to whoever executes; a whole multiple of 1e12 [WAD quote].
    uint256 keeperFee;
    /// @dev Last second in which a trigger order may execute [s]; 0 for a market order.
    uint64 expiry;
}

/// @dev An order as stored. Three slots.
struct Order {
    // Slot 0.
    /// @dev Account that opens a position; or the position that the order changes: its id in the lower 64 bits, above
    /// them how often it had been transferred.
    uint160 subject;
    /// @dev Worst price at which the account trades [WAD quote per base].
    uint96 acceptablePrice;
    // Slot 1.
    int96 sizeDelta;
    uint96 margin;
    /// @dev When the order was submitted [s].
    uint32 submittedAt;
    /// @dev Last second in which a trigger order may execute [s]; 0 for a market order.
    uint32 expiry;
    // Slot 2.
    uint96 reserve;
    uint96 triggerPrice;
    /// @dev Keeper's fee in steps of 1e-6 [1e-6 quote].
    uint40 keeperFeeE6;
    uint16 termsId;
    /// @dev Bits 0–1 the kind, bit 2 opens a position, bit 3 reduce-only, bit 4 fee from margin: the one byte left.
    uint8 traits;
}
